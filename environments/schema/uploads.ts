import { z } from "zod";
import { choice, list, text, whole } from "./kinds";

/**
 * Worker types that the pinned AWS provider accepts for a Spark job; AWS has larger ones by now.
 *
 * @see https://docs.aws.amazon.com/glue/latest/dg/worker-types.html (2026-11-29)
 */
const WORKER_TYPES = ["G.1X", "G.2X", "G.4X", "G.8X"] as const;

const workers = z.strictObject({
  type: choice(WORKER_TYPES, {
    noun: "a worker type",
    description: "Kind of Glue worker; G.1X is 1 DPU: 4 cores and 16 GB.",
  }).default("G.1X"),
  number: whole(2, 299, "workers", {
    noun: "a number of workers",
    description: "Workers of a run, the driver's included.",
  }).default(2),
  maximum: whole(2, 299, "workers", {
    noun: "a number of workers",
    description: "Most workers of a run; above `number`, Glue's auto scaling adds them as files wait.",
  }).default(2),
});

const reconcile = z.strictObject({
  rateMinutes: whole(1, 1440, "min", {
    noun: "an interval",
    description: "Time between two runs of the reconciler, which finds what no event announced.",
  }).default(15),
  graceSeconds: whole(0, 86_400, "s", {
    noun: "an age",
    description:
      "Age below which the reconciler leaves an object or item to the event that is still on its way.",
  }).default(300),
  timeoutSeconds: whole(90, 900, "s", {
    noun: "a function's timeout",
    description: "Time limit of the reconciler; what it could not list in it, the next round goes on with.",
  }).default(300),
  memoryMegabytes: whole(128, 10_240, "MB", {
    noun: "a function's memory",
    description: "Memory of the reconciler, which holds all that is pending.",
  }).default(512),
});

export const uploads = z.strictObject({
  workers: workers.prefault({}),
  engine: choice(["spark", "pool"], {
    noun: "an engine",
    description: "`spark` spreads files over Glue's workers; `pool` over processes of one machine.",
  }).default("spark"),
  parallelism: whole(0, 10_000, "tasks", {
    noun: "a parallelism",
    description:
      "Files processed at once: processes of the pool or Spark partitions; 0: as many as there are cores.",
  }).default(0),
  filesPerClaim: whole(1, 1000, "files", {
    noun: "a number of files",
    description: "Most uploads that a run claims at a time.",
  }).default(100),
  settleSeconds: whole(0, 3600, "s", {
    noun: "a settle time",
    description: "A run ends when nothing was pending for this long, so that a bulk upload gives one run.",
  }).default(30),
  leaseSeconds: whole(5, 3600, "s", {
    noun: "a lease",
    description: "A claim not renewed for this long is free for another run.",
  }).default(300),
  maximumAttempts: whole(1, 20, "attempts", {
    noun: "a number of attempts",
    description: "Attempts at one upload before it is quarantined.",
  }).default(5),
  timeoutMinutes: whole(1, 2880, "min", {
    noun: "a job timeout",
    description: "Time limit of a job run; Glue's own default is 48 hours.",
  }).default(120),
  retries: whole(0, 10, "runs", {
    noun: "a number of retries",
    description: "Further runs that Glue starts by itself after a failed one.",
  }).default(1),
  dateFormats: list(
    text(
      /^(?=.*%d)(?=.*%m)(?=.*%[yY])[^,]+$/,
      "a strptime format with day, month and year such as %d-%m-%Y, without a comma",
      {
        noun: "a date format",
        description: "",
      },
    ),
    1,
    20,
    {
      noun: "a list of date formats",
      description: "Accepted forms of a date, in strptime's notation; the first that fits counts.",
    },
  ).default(["%d-%m-%Y", "%Y-%m-%d", "%d/%m/%Y"]),
  supersededDays: whole(1, 3650, "days", {
    noun: "a number of days",
    description:
      "Days that the uploads table remembers a superseded version, longer than the raw bucket keeps it; a key's current version is never forgotten.",
  }).default(120),
  reconcile: reconcile.prefault({}),
});
