import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import { buildManifests } from "../../../handlers/manifests-builder/build-manifests";
import type { Builder } from "../../../handlers/manifests-builder/builder";
import type { Message } from "../../../runtime/aws/queue-messages";
import type { Clock } from "../../../runtime/clock";
import type { ManifestsDataset } from "../../../runtime/manifests/datasets";
import { checkManifest, type Manifest, parseManifestKey } from "../../../runtime/manifests/manifests";
import { clockDouble } from "../support/doubles";
import { type EventObject, s3Event } from "../support/events";
import { type Fault, MemoryAws } from "../support/memory-aws";

export const NAMES = {
  raw: "raw",
  manifests: "manifests",
  quarantine: "quarantine",
  audit: "audit",
  table: "files",
};
export const CLICKS: ManifestsDataset = {
  name: "clicks",
  prefix: "input/clicks/",
  from: "2020-01-01",
  size: { bytes: 100, tolerance: 0.1 },
};
export const NOW = "2026-01-31T12:00:00.000Z";
/** Milliseconds that a message is invisible after a receive. */
const VISIBILITY_MS = 900_000;

/** A version that was uploaded, with the event that announces it. */
export interface Uploaded extends EventObject {
  version: string;
  sequencer: string;
  body: string;
}

/** The pipeline's part before the manifests queue, in memory. */
export class ManifestsPipeline {
  readonly aws = new MemoryAws();
  readonly clock: Clock & { pass(milliseconds: number): void };
  readonly uploads: Uploaded[] = [];
  limits = { bytes: 300, files: 3 };
  #messages = 0;

  constructor() {
    const clock = clockDouble(NOW);
    this.clock = { ...clock, pass: (milliseconds) => void clock.sleep(milliseconds) };
  }

  /** Puts a version of `key`; its content is `text`, filled up to `size` bytes, by default a valid size. */
  upload(key: string, text: string, size = 100): Uploaded {
    const body = text.padEnd(size, ".");
    const { VersionId: version } = this.aws.objects.put({ Bucket: NAMES.raw, Key: key, Body: body });
    const sequencer = (this.uploads.length + 1).toString(16).toUpperCase().padStart(8, "0");
    const uploaded = { bucket: NAMES.raw, key, version, size: body.length, sequencer, body };
    this.uploads.push(uploaded);
    return uploaded;
  }

  /** One message an event. */
  messages(uploads: readonly EventObject[]): Message[] {
    return uploads.map((upload) => ({
      messageId: `m${++this.#messages}`,
      body: JSON.stringify(s3Event(upload)),
    }));
  }

  builder(fault?: Fault): Builder {
    const client = this.aws.client<DynamoDBClient & S3Client>(fault);
    return {
      table: { client, name: NAMES.table, shards: 4 },
      manifests: { client, name: NAMES.manifests },
      quarantine: { client, name: NAMES.quarantine },
      audit: { client, name: NAMES.audit },
      settings: { datasets: [CLICKS], limits: this.limits },
      claimMs: 240_000,
      metrics: { namespace: "Tributary", environment: "test" },
      clock: this.clock,
    };
  }

  /** One invocation; gives the messages that it fails. */
  async build(messages: readonly Message[], fault?: Fault): Promise<Message[]> {
    const { batchItemFailures } = await buildManifests(this.builder(fault), messages, () => 180_000);
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    return messages.filter(({ messageId }) => failed.has(messageId));
  }

  /** Delivers until nothing fails, as SQS would; gives the deliveries that it took. */
  async deliver(messages: readonly Message[], fault?: Fault): Promise<number> {
    let left = [...messages];
    for (let deliveries = 0; ; deliveries++) {
      if (left.length === 0) return deliveries;
      if (deliveries === 20) throw new Error(`${left.length} messages never succeed`);
      left = await this.build(left, fault);
      if (left.length > 0) this.passVisibility();
    }
  }

  /** Waits until messages that were received are visible again. */
  passVisibility(): void {
    this.clock.pass(VISIBILITY_MS);
  }

  manifests(): Manifest[] {
    const found = [...this.aws.objects.list(NAMES.manifests)];
    return found.filter(([key]) => parseManifestKey(key)).map(([, text]) => checkManifest(JSON.parse(text)));
  }

  /** Keys in the quarantine bucket with what they hold. */
  quarantined(): Map<string, string> {
    return this.aws.objects.list(NAMES.quarantine);
  }

  /** Rows of the audit, by their objects. */
  audited(): Record<string, unknown>[] {
    return [...this.aws.objects.list(NAMES.audit).values()].map((text) => JSON.parse(text));
  }
}

/** `<key>@<version>` */
export function nameOf({ key, version }: { key: string; version: string }): string {
  return `${key}@${version}`;
}
