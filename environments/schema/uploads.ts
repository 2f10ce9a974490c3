import { z } from "zod";
import { MOST_RETRIES } from "../../runtime/glue-runs";
import { ceiling, choice, list, text, whole } from "./kinds";
import { maximumWorkers, workerSettings } from "./workers";

const workers = workerSettings("glueetl", {
  job: "the uploads job",
  number: "Workers of a run, the driver's included.",
}).extend({
  maximum: maximumWorkers(
    "Maximum workers of a run; above `number`, Glue's auto scaling adds them as files wait.",
  ),
});

const reconcile = z.strictObject({
  rateMinutes: whole(1, 1440, "min", {
    description: "Time between two runs of `uploads-reconciler`, which finds what no event announced.",
  }).default(15),
  graceSeconds: whole(0, 86_400, "s", {
    description:
      "Age below which `uploads-reconciler` leaves an object or item to the event that is still on its way.",
  }).default(300),
  timeoutSeconds: whole(90, 900, "s", {
    description:
      "Time limit of `uploads-reconciler`; the next run goes on with what it could not list in that time.",
  }).default(300),
  memoryMegabytes: whole(128, 10_240, "MB", {
    description: "Memory of `uploads-reconciler`, which holds all that is pending.",
  }).default(512),
});

export const uploads = z.strictObject({
  workers: workers.prefault({}),
  engine: choice(["spark", "pool"], {
    description: "`spark` spreads files over Glue's workers; `pool` over processes of one machine.",
  }).default("spark"),
  parallelism: whole(0, 10_000, "tasks", {
    description:
      "Concurrent files: processes of the pool or Spark partitions; 0: as many as there are cores.",
  }).default(0),
  filesPerClaim: whole(1, 1000, "files", {
    description: "Maximum uploads that a run claims at a time.",
  }).default(100),
  settleSeconds: whole(0, 3600, "s", {
    description: "A run ends when nothing was pending for this long, so that a bulk upload gives one run.",
  }).default(30),
  leaseSeconds: whole(5, 3600, "s", {
    description: "A claim not renewed for this long is free for another run.",
  }).default(300),
  maximumAttempts: whole(1, 20, "attempts", {
    description: "Attempts at one upload before it is quarantined.",
  }).default(5),
  timeoutMinutes: whole(1, 2880, "min", {
    description: "Time limit of a job run; the default of Glue 5.0 is 480 minutes.",
  }).default(120),
  maximumRunDollars: ceiling({
    description: "What a run may cost, with `workers.maximum` workers busy until `timeoutMinutes`.",
  }),
  retries: whole(0, MOST_RETRIES, "runs", {
    description: "Further runs that Glue starts by itself after a failed one.",
  }).default(1),
  dateFormats: list(
    text(
      /^(?=.*%d)(?=.*%m)(?=.*%[yY])[^,]+$/,
      "a strptime format with day, month and year such as %d-%m-%Y, without a comma",
      {
        description: "",
      },
    ),
    1,
    20,
    {
      description: "Accepted forms of a date, in strptime's notation; the first that fits counts.",
    },
  ).default(["%d-%m-%Y", "%Y-%m-%d", "%d/%m/%Y"]),
  supersededDays: whole(1, 3650, "days", {
    description:
      "Days that the uploads table remembers a superseded version, longer than the raw bucket keeps it; a key's current version is never forgotten.",
  }).default(120),
  reconcile: reconcile.prefault({}),
});
