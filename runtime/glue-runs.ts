/** Limits of runs of AWS Glue's jobs, and of what they may cost. */

/**
 * Longest time limit of a run in minutes, a minute below seven days. The API takes "less than 7 days or 10080
 * minutes", which is without the 10,080 or with it.
 *
 * @see https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/glue/aws.sdk.kotlin.services.glue.model/-job-run/timeout.html (2026-11-30)
 */
export const LONGEST_MINUTES = 10_079;

/** Retries that the AWS provider takes at most. */
export const MOST_RETRIES = 10;

/** Workers of a run: a driver and an executor at least. */
export const [FEWEST_WORKERS, MOST_WORKERS] = [2, 299];

/**
 * Maintenance window of a streaming job, and what it is in words.
 *
 * @see https://docs.aws.amazon.com/glue/latest/dg/glue-streaming-maintenance.html (2026-11-30)
 */
export const MAINTENANCE_WINDOW = {
  pattern: /^(Sun|Mon|Tue|Wed|Thu|Fri|Sat):([01]?\d|2[0-3])$/,
  would: "a day and an hour in UTC such as Sun:3",
} as const;

/** Dollars that a run, or a day of a stream, may cost where nothing else is said. */
export const CEILING_DOLLARS = 50;
