/** Names within tables that stacks and what is deployed agree on: sparse indexes, and an item that roles are limited to. */

/** Index of pending uploads in the uploads table; its keys are `pending_shard` and `available_at`. */
export const PENDING_INDEX = "pending";

/** Hash key of the request for a run in the uploads table: no object has such a name, for bucket names have no `#`. */
export const RUN_REQUEST = "#run";

/**
 * Index of open, failed and quarantined files in the tracking table; its keys are `open_shard` and
 * `created_at`.
 */
export const OPEN_INDEX = "open";
