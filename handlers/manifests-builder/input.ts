import type { InputIdentity } from "../../runtime/manifests/manifests";

/** Version of an object, as messages announced it. */
export interface Input extends InputIdentity {
  /** Bytes. */
  readonly size: number;
  /** Sequencer of 64 hexadecimal digits; absent where a sweep announced it and no event of S3. */
  readonly sequencer?: string;
  /** Time of the upload, ISO 8601 in UTC. */
  readonly uploadedAt: string;
  /** Ids of the messages that announced it. */
  readonly messages: readonly string[];
}

/** Input that a manifest may list. */
export interface AcceptedFile extends Input {
  readonly dataset: string;
  /** Date, `yyyy-mm-dd`. */
  readonly date: string;
}

/** Fields that order the versions of one key. */
export interface Ordered {
  readonly sequencer?: string | undefined;
  readonly uploadedAt: string;
}

/**
 * Compares ages; below zero when `one` was uploaded before `other`. Sequencers are S3's own order; where one
 * is missing, the seconds of upload decide: a listing, which knows no sequencer, cuts off their fractions,
 * and an event does not.
 */
export function compareAge(one: Ordered, other: Ordered): number {
  if (one.sequencer !== undefined && other.sequencer !== undefined) {
    return compareText(one.sequencer, other.sequencer);
  }
  return secondOf(one) - secondOf(other);
}

function secondOf({ uploadedAt }: Ordered): number {
  return Math.floor(Date.parse(uploadedAt) / 1_000);
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
