/** Names of the tables' sparse indexes: the stacks make them, functions and command line query them. */

/** Index of the uploads table on pending uploads; `pending_shard` and `available_at` are its keys. */
export const PENDING_INDEX = "pending";

/** Index of the tracking table on files that are open, failed or quarantined; `open_shard` and `created_at` are its keys. */
export const OPEN_INDEX = "open";
