import { InvalidArgumentError } from "commander";
import type { FilesPlace } from "../../../runtime/ledger/operator-protocol";
import { UNDATED } from "../../../runtime/manifests/tracking";

/** Builds Commander's parser of a whole number in a range. */
export function whole(from: number, to: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= from && number <= to) return number;
    throw new InvalidArgumentError(`use a whole number from ${from} to ${to}.`);
  };
}

/** Parses a date of the calendar as yyyy-mm-dd, or `undated`. */
export function date(text: string): string {
  const time = Date.parse(`${text}T00:00:00Z`);
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(time || 0).toISOString().startsWith(text);
  if (isDate || text === UNDATED) return text;
  throw new InvalidArgumentError(`use a date such as 2026-01-31, or ${UNDATED}.`);
}

const MINUTES = { m: 1, h: 60, d: 1440 };

/** Parses a time such as `15m`, `2h` or `3d`, in minutes. */
export function minutes(text: string): number {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * MINUTES[unit as keyof typeof MINUTES];
  throw new InvalidArgumentError("use minutes, hours or days such as 15m, 2h or 3d.");
}

/**
 * Parses a time in UTC such as `2026-01-31` or `2026-01-31T08:00`, or one with its own offset, as ISO 8601.
 */
export function instant(text: string): string {
  const [, day, time = "00:00", offset = "Z"] =
    /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(text) ?? [];
  const at = Date.parse(`${day}T${time}${offset}`);
  if (day !== undefined && date(day) === day && !Number.isNaN(at)) return new Date(at).toISOString();
  throw new InvalidArgumentError(
    "use a time such as 2026-01-31, 2026-01-31T08:00 or 2026-01-31T08:00+01:00.",
  );
}

/** Parses the place at which a list of files ended, as it printed that. */
export function filesPlace(text: string): FilesPlace {
  const [, batch, file] = /^(\d{1,15}):(\d{1,15})$/.exec(text) ?? [];
  if (batch !== undefined && file !== undefined) return { batch: Number(batch), file: Number(file) };
  throw new InvalidArgumentError("use the place that a list named, such as 17:170233.");
}
