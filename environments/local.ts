import type { EnvironmentSettings } from "./schema/environment";

/** Platform on one machine: whatever the emulator lacks is switched off here, and nowhere else. */
export const local: EnvironmentSettings = {
  account: "000000000000",
  region: "us-east-1",
  deletionGuard: false,
  network: {
    cidr: "10.10.0.0/16",
    zones: ["a", "b"],
    interfaceEndpoints: [],
    securityGroupEgress: "cidr",
    flowLogs: false,
  },
  storage: {
    raw: { untakenMinutes: 1 },
    audit: { mergeMinutes: 1 },
    forceDestroy: true,
    tlsOnly: false,
    pathStyle: true,
    keyDeletionDays: 7,
  },
  uploads: {
    engine: "pool",
    settleSeconds: 3,
    leaseSeconds: 15,
    maximumAttempts: 3,
    timeoutMinutes: 10,
    retries: 0,
    reconcile: { rateMinutes: 1, graceSeconds: 5 },
  },
  manifests: {
    // the emulator hands over ten messages at most and knows no window
    eventSource: { windowSeconds: 2, maximumConcurrency: 2, served: "locally" },
    engine: "pool",
    slots: 2,
    pollSeconds: 1,
    reconcile: { rateMinutes: 1, graceSeconds: 5 },
  },
  ledger: {
    scheduled: false,
    registrationSeconds: 2,
    postgres: { server: "existing", authentication: "none", tls: "disable" },
    batch: {
      engine: "pool",
      slots: 2,
      // several batches of what `npm start` uploads
      files: 500,
      leaseSeconds: 15,
      maximumAttempts: 3,
      budgetMinutes: 5,
      timeoutMinutes: 10,
    },
  },
  glue: { dependencies: "preinstalled" },
  logs: { retentionDays: 1 },
  budget: { monthlyDollars: 1 },
};
