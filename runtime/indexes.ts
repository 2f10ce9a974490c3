/** Names of the tables' sparse indexes: the stacks create them, functions and command line query them. */

/** Index of pending uploads in the uploads table; its keys are `pending_shard` and `available_at`. */
export const PENDING_INDEX = "pending";

/**
 * Index of open, failed and quarantined files in the tracking table; its keys are `open_shard` and
 * `created_at`.
 */
export const OPEN_INDEX = "open";
