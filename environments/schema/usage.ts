import { z } from "zod";
import { whole } from "./kinds";
import { PIPELINES } from "./pipelines";
import type { Rule } from "./rule";

/** Hours of a month, as AWS counts them. */
export const MONTH_HOURS = 730;

/** What comes to a pipeline; the ceilings only catch a slip of units. */
const arrivals = z.strictObject({
  filesPerHour: whole(0, 10_000_000, "files", {
    description:
      "Files that come to the pipeline in an hour. Costs are computed with it, nothing is limited by it.",
  }).default(0),
  megabytesPerHour: whole(0, 100_000_000, "MB", {
    description: "What these files have together, as they lie in S3.",
  }).default(0),
});

/** What is expected to come, for `tributary costs --expected`, plans and docs/costs.md. */
export const usage = z.strictObject({
  hoursPerMonth: whole(1, MONTH_HOURS, "h", {
    description: "Hours of a month in which files come: 730 is day and night, 170 office hours.",
  }).default(MONTH_HOURS),
  uploads: arrivals.prefault({}),
  manifests: arrivals.prefault({}),
  ledger: arrivals.prefault({}),
});

/** Files have bytes, and bytes come in files. */
export const USAGE_RULES: readonly Rule[] = PIPELINES.map((pipeline) => ({
  path: `usage.${pipeline}.megabytesPerHour`,
  against: [`usage.${pipeline}.filesPerHour`],
  expected: (value) => {
    const files = Number(value(`usage.${pipeline}.filesPerHour`));
    const megabytes = Number(value(`usage.${pipeline}.megabytesPerHour`));
    if (files > 0 === megabytes > 0) return undefined;
    return files > 0
      ? `at least 1 (usage.${pipeline}.filesPerHour is ${files})`
      : `0 (usage.${pipeline}.filesPerHour is 0)`;
  },
}));
