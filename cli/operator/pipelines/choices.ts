/**
 * What a file that is not done may be, in every pipeline: it waits for its first attempt, failed and waits for another
 * one or for an operator, or is in quarantine.
 */
export const WAITING_STATUSES = ["waiting", "failed", "quarantined"] as const;
export type WaitingStatus = (typeof WAITING_STATUSES)[number];

/** Those of which all files are sent again where none is named. */
export const REPEATED_STATUSES = ["failed", "quarantined"] as const;
export type RepeatedStatus = (typeof REPEATED_STATUSES)[number];
