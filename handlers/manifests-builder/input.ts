import type { InputIdentity } from "../../runtime/manifests/manifests";

/** A version of an object as messages announced it. */
export interface Input extends InputIdentity {
  /** Bytes. */
  readonly size: number;
  /** 64 hexadecimal digits; absent where a sweep and no event of S3 announced it. */
  readonly sequencer?: string;
  /** ISO-8601 in UTC. */
  readonly uploadedAt: string;
  /** Ids of the messages that wait for what becomes of it. */
  readonly messages: readonly string[];
}

/** An input that a manifest may take. */
export interface AcceptedFile extends Input {
  readonly dataset: string;
  /** `yyyy-mm-dd` */
  readonly date: string;
}

/** What orders the versions of one key. */
export interface Ordered {
  readonly sequencer?: string | undefined;
  readonly uploadedAt: string;
}

/**
 * Below zero when `one` was uploaded before `other`. Sequencers are S3's own order; where one is missing, the seconds
 * of upload stand in: a listing, which knows no sequencer, cuts off their fractions, and an event does not.
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
