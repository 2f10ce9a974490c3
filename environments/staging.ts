import type { EnvironmentSettings } from "./schema/environment";

/** Staging: as production in kind, smaller in size: the last stage before it. */
export const staging: EnvironmentSettings = {
  account: "222222222222",
  region: "us-east-1",
  tags: { "cost-center": "data-platform" },
  deployers: ["tributary-staging.apply"],
  network: { cidr: "10.30.0.0/16", zones: ["a", "b"], privateJobs: true },
  storage: {
    lifecycle: {
      raw: { expireDays: 90, noncurrentDays: 30 },
      processed: { expireDays: 90 },
      quarantine: { expireDays: 90 },
      accessLogs: { expireDays: 90 },
    },
  },
  uploads: { workers: { maximum: 5 }, supersededDays: 45 },
  manifests: { eventSource: { batchSize: 280 } },
  ledger: {
    postgres: { multiZone: false, backupDays: 7 },
    batch: { workers: { maximum: 3 }, slots: 8 },
  },
  logs: { retentionDays: 30 },
  usage: {
    hoursPerMonth: 170,
    uploads: { filesPerHour: 2, megabytesPerHour: 100 },
    manifests: { filesPerHour: 2000, megabytesPerHour: 7000 },
    ledger: { filesPerHour: 1000, megabytesPerHour: 10 },
  },
  budget: { monthlyDollars: 1200 },
};
