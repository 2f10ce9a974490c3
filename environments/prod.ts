import type { EnvironmentSettings } from "./environment";

/** Production: three zones, long retention, every guard on. */
export const prod: EnvironmentSettings = {
  account: "333333333333",
  region: "us-east-1",
  tags: { "cost-center": "data-platform" },
  network: { cidr: "10.40.0.0/16", zones: ["a", "b", "c"] },
  storage: {
    lifecycle: { raw: { tieringDays: 30, noncurrentDays: 365 }, curated: { noncurrentDays: 90 } },
    cloudtrailDataEvents: true,
  },
  csv: { workers: { maximum: 20 }, timeoutMinutes: 240, supersededDays: 400 },
  functions: { memoryMegabytes: 512, reservedConcurrency: 50 },
  logs: { retentionDays: 365 },
  alerts: {
    emails: ["data-platform@example.com"],
    endpoints: ["https://events.pager.example.com/tributary"],
    oldestPendingMinutes: 30,
  },
  budget: { monthlyDollars: 3000 },
};
