import { z } from "zod";
import { MAINTENANCE_WINDOW } from "../../runtime/glue-runs";
import { ceiling, choice, text, whole } from "./kinds";
import { workerSettings } from "./workers";

/**
 * Maximum number of messages in an invocation: Lambda passes a function at most 6 MB, about 3,500 messages
 * with one S3 event each.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/API_Invoke.html (2026-11-29)
 */
const MAX_EVENTS = 3500;

const eventSource = z.strictObject({
  batchSize: whole(1, MAX_EVENTS, "messages", {
    description:
      "Maximum S3 events of one invocation of `manifests-builder`, so maximum files of a manifest: 280 files of 3.5 MB are 980 MB. Lambda hands over at most 6 MB, about 3,500 events, hence the limit; above 10 it needs a window.",
  }).default(1000),
  windowSeconds: whole(0, 300, "s", {
    description:
      "Maximum time that a poller gathers events: the latency that a user chooses. Lambda begins with five pollers, so a manifest has about rate × window ÷ 5 files: at 55 files/s and 30 s, 330, unless the batch of messages is full before. More pollers come as messages wait and make manifests smaller; `maximumConcurrency` holds them back.",
  }).default(30),
  maximumConcurrency: whole(2, 1000, "invocations", {
    description: "Maximum concurrent invocations of `manifests-builder`.",
  }).default(10),
  served: choice(["lambda", "locally"], {
    description:
      "`lambda`: by Lambda's event source mapping; `locally`: the mapping is disabled and `local/` delivers, for an emulator that knows no window.",
  }).default("lambda"),
});

/** Most workers that the operator may ask for. */
export const MOST_STREAM_WORKERS = 100;

const workers = workerSettings(
  "gluestreaming",
  {
    job: "the streaming job",
    number:
      "Workers of the streaming job, the driver's included, where the control table names no other; docs/costs.md says what a rate needs.",
  },
  MOST_STREAM_WORKERS,
);

const reconcile = z.strictObject({
  rateMinutes: whole(1, 60, "min", {
    description:
      "Time between two runs of `manifests-reconciler`; at full load it lists yesterday's to tomorrow's files about once an hour.",
  }).default(15),
  graceSeconds: whole(0, 86_400, "s", {
    description: "Age below which `manifests-reconciler` leaves work to the event that is still on its way.",
  }).default(1800),
});

export const manifests = z.strictObject({
  eventSource: eventSource.prefault({}),
  maximumMegabytes: whole(1, 5000, "MB", {
    description: "Maximum input of one manifest, which becomes one Parquet object.",
  }).default(1000),
  maximumFiles: whole(1, 5000, "files", {
    description: "Maximum files of one manifest.",
  }).default(1000),
  trackingShards: whole(1, 100, "shards", {
    description:
      "Partitions of the tracking table that the files of one date are spread over: one takes 1,000 writes/s. Never change it once files are tracked.",
  }).default(16),
  workers: workers.prefault({}),
  maximumDayDollars: ceiling({
    description:
      "What a day of the streaming job may cost with `workers.number` workers. `tributary manifests scale` tells what goes beyond it.",
  }),
  engine: choice(["spark", "pool"], {
    description: "`spark` spreads manifests over Glue's workers; `pool` over processes of one machine.",
  }).default("spark"),
  slots: whole(0, 1000, "manifests", {
    description: "Concurrent manifests; 0: as many as there are cores.",
  }).default(0),
  pollSeconds: whole(1, 20, "s", {
    description:
      "Maximum time that the streaming job waits for a message, and time between two looks at the control table.",
  }).default(20),
  maintenanceWindow: text(MAINTENANCE_WINDOW.pattern, MAINTENANCE_WINDOW.would, {
    description:
      "Day and hour, UTC, at which Glue may end a run of the streaming job for maintenance; by its guide it does so to runs of seven days or more alone. A run ends at its time limit, a minute below seven days, and the next one starts.",
  }).default("Sun:3"),
  silentMinutes: whole(5, 1440, "min", {
    description: "Minutes without Parquet, while files arrive, that raise an alarm.",
  }).default(30),
  oldestMessageMinutes: whole(16, 1440, "min", {
    description:
      "A message that waits longer than this in a queue of the pipeline raises an alarm; an S3 event that failed once comes back after 15 minutes, a manifest after one, then ten.",
  }).default(30),
  reconcile: reconcile.prefault({}),
});
