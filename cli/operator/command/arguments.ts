import type { FilesPlace } from "../../../runtime/ledger/operator-protocol";
import { UNDATED } from "../../../runtime/manifests/datasets";
import { argument } from "../../../setup/arguments";

/** A date of the calendar as yyyy-mm-dd, or `undated`. */
export const date = argument(`a date such as 2026-01-31, or ${UNDATED}`, (text) =>
  isDate(text) || text === UNDATED ? text : undefined,
);

const MINUTES = { m: 1, h: 60, d: 1440 };

/** A time such as `15m`, `2h` or `3d`, in minutes. */
export const minutes = argument("minutes, hours or days such as 15m, 2h or 3d", (text) => {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * MINUTES[unit as keyof typeof MINUTES];
});

/** A time in UTC such as `2026-01-31` or `2026-01-31T08:00`, or one with its own offset, as ISO 8601. */
export const instant = argument(
  "a time such as 2026-01-31, 2026-01-31T08:00 or 2026-01-31T08:00+01:00",
  (text) => {
    const [, day = "", time = "00:00", offset = "Z"] =
      /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(text) ?? [];
    const at = Date.parse(`${day}T${time}${offset}`);
    return isDate(day) && !Number.isNaN(at) ? new Date(at).toISOString() : undefined;
  },
);

/** Place at which a list of files ended, as it was printed. */
export const filesPlace = argument(
  "the place that a list named, such as 17:170233",
  (text): FilesPlace | undefined => {
    const [, batch, file] = /^(\d{1,15}):(\d{1,15})$/.exec(text) ?? [];
    return batch === undefined ? undefined : { batch: Number(batch), file: Number(file) };
  },
);

function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(time || 0).toISOString().startsWith(text);
}
