import type { Message } from "../../../runtime/aws/queue-messages";
import { ManifestsPipeline } from "./pipeline";

/**
 * A pipeline that published some files before, and a batch of everything that a builder tells apart: new files of
 * two dates in three manifests, versions with other and with equal content, two at once, and an invalid file.
 */
export async function makeBatch(): Promise<{ pipeline: ManifestsPipeline; batch: Message[] }> {
  const pipeline = new ManifestsPipeline();
  const key = (name: string) => `input/clicks/${name}.ndjson`;
  const before = ["a", "b", "c"].map((name) => pipeline.upload(key(`2026-01-30-${name}`), name));
  await pipeline.deliver(pipeline.messages(before));
  const batch = [
    ...["d", "e", "f", "g"].map((name) => pipeline.upload(key(`2026-01-30-${name}`), name)),
    pipeline.upload(key("2026-01-31-h"), "h"),
    pipeline.upload(key("2026-01-30-a"), "a, changed"),
    pipeline.upload(key("2026-01-30-b"), "b"),
    pipeline.upload(key("2026-01-31-i"), "i"),
    pipeline.upload(key("2026-01-31-i"), "i, changed"),
    pipeline.upload(key("2026-01-31-j"), "too long", 1_000),
  ];
  return { pipeline, batch: pipeline.messages(batch) };
}

/** Calls of the batch when nothing goes wrong, and somewhat more for what a fault adds. */
export const CALLS = Array.from({ length: 36 }, (_, number) => number);
