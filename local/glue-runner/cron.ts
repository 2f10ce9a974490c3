import { GlueError } from "./protocol";

/** Returns whether a schedule includes the minute of `time`, UTC. */
export type Schedule = (time: Date) => boolean;

type Matcher = (value: number, day: Date) => boolean;

const FIELDS = [
  { name: "minutes", from: 0, to: 59 },
  { name: "hours", from: 0, to: 23 },
  { name: "day of month", from: 1, to: 31, any: "?" },
  { name: "month", from: 1, to: 12, words: wordsFrom(1, "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC") },
  { name: "day of week", from: 1, to: 7, any: "?", words: wordsFrom(1, "SUN MON TUE WED THU FRI SAT") },
  { name: "year", from: 1970, to: 2199 },
] as const satisfies readonly Field[];

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Sign that another field decides. */
  readonly any?: string;
  readonly words?: Readonly<Record<string, number>>;
}

const SHORTEST_MINUTES = 5;
const DAY_OF_MONTH = 2;
const DAY_OF_WEEK = 4;
const SATURDAY = 7;

/**
 * Reads `cron(Minutes Hours Day-of-month Month Day-of-week Year)` as Glue documents it:
 * https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html
 *
 * @throws GlueError InvalidInputException
 */
export function parseCron(expression: unknown): Schedule {
  const [, inner] = /^cron\((.*)\)$/.exec(String(expression)) ?? [];
  const words = inner?.trim().split(/\s+/) ?? [];
  const refuse = (reason: string) => {
    throw new GlueError("InvalidInputException", `${String(expression)} is no schedule of Glue's: ${reason}`);
  };
  if (words.length !== FIELDS.length) return refuse("it takes cron() of six fields");
  if ((words[DAY_OF_MONTH] === "?") === (words[DAY_OF_WEEK] === "?")) {
    return refuse("exactly one of day of month and day of week is ?");
  }
  const matchers = FIELDS.map((field: Field, index) => {
    const matcher = matcherOf(field, index, words[index] ?? "");
    return matcher ?? refuse(`${words[index]} is no value of ${field.name}`);
  });
  const [minutes = never, hours = never, dayOfMonth = never, month = never, dayOfWeek = never, year = never] =
    matchers;
  if (shortestPause(minutes, hours) < SHORTEST_MINUTES)
    return refuse("it comes more often than all 5 minutes");
  return (time) =>
    minutes(time.getUTCMinutes(), time) &&
    hours(time.getUTCHours(), time) &&
    dayOfMonth(time.getUTCDate(), time) &&
    month(time.getUTCMonth() + 1, time) &&
    dayOfWeek(time.getUTCDay() + 1, time) &&
    year(time.getUTCFullYear(), time);
}

const never: Matcher = () => false;

function matcherOf(field: Field, index: number, word: string): Matcher | undefined {
  if (word === "?" && field.any === "?") return () => true;
  const parts = word.split(",").map((part) => partOf(field, index, part.toUpperCase()));
  if (parts.some((part) => part === undefined)) return undefined;
  return (value, day) => parts.some((part) => part?.(value, day));
}

function partOf(field: Field, index: number, part: string): Matcher | undefined {
  if (index === DAY_OF_MONTH) {
    if (part === "L") return (value, day) => value === lastDay(day);
    const [, near] = /^(\d+)W$/.exec(part) ?? [];
    if (near !== undefined)
      return within(field, Number(near))
        ? (value, day) => value === nearestWeekday(day, Number(near))
        : undefined;
  }
  if (index === DAY_OF_WEEK) {
    if (part === "L") return (value) => value === SATURDAY;
    const [, last = ""] = /^(\w+)L$/.exec(part) ?? [];
    const weekday = numberOf(field, last);
    if (weekday !== undefined)
      return (value, day) => value === weekday && day.getUTCDate() + 7 > lastDay(day);
  }
  return rangeOf(field, part);
}

/** Parses `*`, `a`, `a-b`, each also with `/step`; `a/step` goes to the field's end. */
function rangeOf(field: Field, part: string): Matcher | undefined {
  const [range = "", step, ...more] = part.split("/");
  const [first = "", last, ...others] =
    range === "*" ? [String(field.from), String(field.to)] : range.split("-");
  const from = numberOf(field, first);
  const to = last === undefined ? (step === undefined ? from : field.to) : numberOf(field, last);
  const by = step === undefined ? 1 : Number(step);
  const isWrong = more.length + others.length > 0 || !Number.isInteger(by) || by < 1;
  if (from === undefined || to === undefined || from > to || isWrong) return undefined;
  return (value) => value >= from && value <= to && (value - from) % by === 0;
}

function numberOf(field: Field, word: string): number | undefined {
  const value = field.words?.[word] ?? (/^\d+$/.test(word) ? Number(word) : undefined);
  return value !== undefined && within(field, value) ? value : undefined;
}

function within({ from, to }: Field, value: number): boolean {
  return value >= from && value <= to;
}

/** Minimum pause in minutes between two times of a day. */
function shortestPause(minutes: Matcher, hours: Matcher): number {
  const day = new Date(0);
  const times = Array.from({ length: 24 * 60 }, (_, minute) => minute).filter(
    (minute) => hours(Math.floor(minute / 60), day) && minutes(minute % 60, day),
  );
  return Math.min(24 * 60, ...times.slice(1).map((minute, index) => minute - (times[index] ?? 0)));
}

function lastDay(day: Date): number {
  return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
}

/** The weekday that is nearest to a date, in the same month. */
function nearestWeekday(day: Date, date: number): number {
  const weekday = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), date)).getUTCDay();
  if (weekday === 6) return date > 1 ? date - 1 : date + 2;
  if (weekday === 0) return date < lastDay(day) ? date + 1 : date - 2;
  return date;
}

function wordsFrom(first: number, words: string): Record<string, number> {
  return Object.fromEntries(words.split(" ").map((word, index) => [word, first + index]));
}
