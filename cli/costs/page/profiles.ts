import { type RunSize, WORKER_PROFILES } from "../../../environments/schema";
import { WORKERS } from "../../../runtime/glue-workers";
import { hourPrice } from "../../../runtime/prices/glue";
import { tableOf } from "./tables";

/** Lines of docs/jobs.md around what is generated. */
const [BEGIN, END] = ["<!-- profiles: npm run docs -->", "<!-- end of profiles -->"];

/** Returns docs/jobs.md with its table of profiles brought up to date. */
export function withProfiles(page: string): string {
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`docs/jobs.md lacks the lines ${BEGIN} and ${END}`);
  return `${page.slice(0, before)}${BEGIN}\n\n${profilesTable()}\n\n${page.slice(after)}`;
}

function profilesTable(): string {
  const head = [
    "profile",
    "workers",
    "DPU",
    "memory, GB",
    "disk, GB",
    "memory of a task, GB",
    "USD an hour",
    "take it for",
  ];
  return tableOf(
    head,
    Object.entries(WORKER_PROFILES).map(([name, { when, ...size }]) => [`\`${name}\``, ...rowOf(size), when]),
  );
}

function rowOf({ type, number, maximum, executionClass, coresOfTask }: RunSize): string[] {
  const { dpus, cores, memoryGigabytes, diskGigabytes } = WORKERS[type];
  const range = (one: number, text: (value: number) => string = String) =>
    [...new Set([number, maximum])].map((workers) => text(workers * one)).join(" to ");
  const isSpare = executionClass === "FLEX" ? ", FLEX" : "";
  return [
    `${range(1)} × ${type}${isSpare}`,
    range(dpus),
    range(memoryGigabytes),
    range(diskGigabytes),
    String((memoryGigabytes / cores) * coresOfTask),
    range(dpus * hourPrice(executionClass).dollars, (dollars) => dollars.toFixed(2)),
  ];
}
