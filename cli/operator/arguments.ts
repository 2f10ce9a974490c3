import { InvalidArgumentError } from "commander";
import { UNDATED } from "./tracking";

/** Commander's parser of a whole number in a range. */
export function whole(from: number, to: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= from && number <= to) return number;
    throw new InvalidArgumentError(`use a whole number from ${from} to ${to}.`);
  };
}

/** A date of the calendar as yyyy-mm-dd, or `undated`. */
export function date(text: string): string {
  const time = Date.parse(`${text}T00:00:00Z`);
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(time || 0).toISOString().startsWith(text);
  if (isDate || text === UNDATED) return text;
  throw new InvalidArgumentError(`use a date such as 2026-01-31, or ${UNDATED}.`);
}

const MINUTES = { m: 1, h: 60, d: 1440 };

/** A time such as `15m`, `2h` or `3d`, in minutes. */
export function minutes(text: string): number {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * MINUTES[unit as keyof typeof MINUTES];
  throw new InvalidArgumentError("use minutes, hours or days such as 15m, 2h or 3d.");
}
