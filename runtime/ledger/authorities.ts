/**
 * Authorities that sign the certificates of PostgreSQL servers in RDS: AWS's global bundle of July 2025, by region,
 * without the roots of 2019, which have expired, and those of AWS's own trials; and the authorities of proxies.
 * docs/security.md says where it comes from, and how to compare it with AWS's own.
 *
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html (2026-11-30)
 */
import authorities from "../../glue/tributary/ledger/rds-authorities.json";

/** Certificates of all authorities, in PEM. */
export const RDS_AUTHORITIES: string[] = [
  ...Object.values(authorities.regions).flat(),
  ...authorities.proxies,
];

/** Regions whose servers' certificates can be verified. */
export const VERIFIED_REGIONS: readonly string[] = Object.keys(authorities.regions);
