import type { EnvironmentSettings } from "./schema/environment";

/** Development: small, short-lived, cheap. */
export const dev: EnvironmentSettings = {
  account: "111111111111",
  region: "us-east-1",
  tags: { "cost-center": "data-platform" },
  deletionGuard: false,
  network: {
    cidr: "10.20.0.0/16",
    zones: ["a", "b"],
    egress: "nat",
    natGateways: "one",
    interfaceEndpoints: [],
  },
  storage: {
    audit: { retentionDays: 90 },
    lifecycle: {
      raw: { expireDays: 30, noncurrentDays: 7 },
      processed: { expireDays: 30 },
      manifests: { expireDays: 31, noncurrentDays: 7 },
      curated: { noncurrentDays: 7, stagingDays: 14 },
      quarantine: { expireDays: 30, noncurrentDays: 7 },
      artifacts: { noncurrentDays: 14 },
      accessLogs: { expireDays: 30 },
    },
    forceDestroy: true,
    keyDeletionDays: 7,
  },
  uploads: { timeoutMinutes: 60, retries: 0, reconcile: { rateMinutes: 30 }, supersededDays: 14 },
  manifests: { maximumMegabytes: 250 },
  // the smallest server, about 15 USD a month; started by hand
  ledger: {
    scheduled: false,
    postgres: {
      instanceClass: "db.t4g.micro",
      storageGigabytes: 20,
      maximumStorageGigabytes: 100,
      multiZone: false,
      backupDays: 1,
      finalSnapshot: false,
    },
    batch: { engine: "pool", budgetMinutes: 30, timeoutMinutes: 60 },
  },
  // the smallest streaming job there is, about 160 USD a month while it runs: `tributary manifests stop` ends it
  glue: { profiles: { streaming: { type: "G.025X" } } },
  logs: { retentionDays: 7 },
  alerts: { oldestPendingMinutes: 120 },
  usage: {
    hoursPerMonth: 170,
    uploads: { filesPerHour: 1, megabytesPerHour: 10 },
    manifests: { filesPerHour: 100, megabytesPerHour: 350 },
    ledger: { filesPerHour: 100, megabytesPerHour: 1 },
  },
  budget: { monthlyDollars: 400 },
};
