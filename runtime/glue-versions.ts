/** What runs in a version of AWS Glue. */
export interface GlueVersion {
  readonly spark: string;
  readonly python: string;
}

/**
 * Versions whose Python the locked wheels are for.
 *
 * @see https://docs.aws.amazon.com/glue/latest/dg/release-notes.html (2026-12-01)
 * @see https://docs.aws.amazon.com/glue/latest/dg/migrating-version-51.html (2026-12-01)
 */
export const GLUE_VERSIONS = {
  "5.0": { spark: "3.5.4", python: "3.11" },
  "5.1": { spark: "3.5.6", python: "3.11" },
} as const satisfies Readonly<Record<string, GlueVersion>>;
