import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { ControlPlane } from "../../../handlers/control-plane/plane";
import {
  ALERT_SOURCE,
  CONTROL,
  DATABASE,
  MANIFESTS,
  type ManifestsPipeline,
  METRICS,
  SHARDS,
  STREAMING_JOB,
  TRACKING,
} from "../support/emulated-pipeline";
import { Faulty, type SentCommand } from "../support/faulty";
import type { Fault } from "../support/memory-aws";

/** A control plane on the emulator, whose calls go through a fault, and whose clock is so much later and never waits. */
export function realPlane(
  { dynamo, s3, glue }: ManifestsPipeline,
  {
    fault,
    laterMs = 0,
    remainingMs = 60_000,
  }: { fault?: Fault; laterMs?: number; remainingMs?: number } = {},
): { plane: ControlPlane; sent: SentCommand[] } {
  const faulty = new Faulty(fault);
  const table = faulty.wrap(dynamo);
  const plane: ControlPlane = {
    tracking: { client: table, name: TRACKING, shards: SHARDS },
    metrics: { client: table, name: METRICS },
    control: { client: table, name: CONTROL },
    manifests: { client: faulty.wrap(s3), name: MANIFESTS },
    job: { client: faulty.wrap(glue), name: STREAMING_JOB, workers: 2 },
    catalog: { client: faulty.wrap(glue), database: DATABASE },
    bus: { client: faulty.wrap(new EventBridgeClient()), source: ALERT_SOURCE, environment: "test" },
    emf: { namespace: "Tributary", environment: "test" },
    clock: { now: () => new Date(Date.now() + laterMs), sleep: async () => {} },
    remainingMs: () => remainingMs,
  };
  return { plane, sent: faulty.sent };
}
