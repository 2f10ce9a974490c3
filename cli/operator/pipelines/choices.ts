/**
 * What a file that is not done may be, in every pipeline: it waits for its first attempt, failed and waits for another
 * one or for an operator, or is in quarantine.
 */
export const WAITING_STATUSES = ["waiting", "failed", "quarantined"] as const;
export type WaitingStatus = (typeof WAITING_STATUSES)[number];
