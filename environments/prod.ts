import type { EnvironmentSettings } from "./schema/environment";

/** Production: three zones, long retention, every guard on. */
export const prod: EnvironmentSettings = {
  account: "333333333333",
  region: "us-east-1",
  tags: { "cost-center": "data-platform" },
  deployers: ["tributary-prod.apply"],
  network: { cidr: "10.40.0.0/16", zones: ["a", "b", "c"], privateJobs: true },
  storage: {
    lifecycle: {
      raw: { tieringDays: 30, noncurrentDays: 365 },
      processed: { archiveDays: 90 },
      curated: { noncurrentDays: 90 },
      quarantine: { expireDays: 365 },
    },
    cloudtrailDataEvents: true,
  },
  uploads: { workers: { maximum: 20 }, timeoutMinutes: 240, supersededDays: 400 },
  // 280 files of 3.5 MB are a manifest of 980 MB; `usage` has how many come
  manifests: {
    eventSource: { batchSize: 280 },
    workers: { number: 3 },
    silentMinutes: 15,
    oldestMessageMinutes: 20,
  },
  // a hundred million files are 40 GB of ledger; a run grows to 32 concurrent batches, and is small without work
  ledger: {
    postgres: {
      instanceClass: "db.m7g.large",
      maximumStorageGigabytes: 1000,
      backupDays: 35,
      monitoringSeconds: 60,
    },
    batch: { workers: { maximum: 9 }, slots: 32, concurrentRuns: 2 },
  },
  functions: { memoryMegabytes: 512, reserve: true },
  logs: { retentionDays: 365 },
  // the secret holds the pager's address: docs/operations.md
  alerts: { pagerSecrets: ["tributary-prod-pager"], oldestPendingMinutes: 30 },
  // docs/costs.md has what that comes to
  usage: {
    uploads: { filesPerHour: 10, megabytesPerHour: 500 },
    manifests: { filesPerHour: 200_000, megabytesPerHour: 700_000 },
    ledger: { filesPerHour: 1400, megabytesPerHour: 14 },
  },
  budget: { monthlyDollars: 25_000 },
};
