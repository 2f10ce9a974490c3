import { writeFileSync } from "node:fs";
import { type CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import type { JobRun } from "@aws-sdk/client-glue";

const EXCERPT_CHARACTERS = 300;

/**
 * Writes the logs of job runs, oldest first, from both of Glue's log groups to one file: the emulator forgets
 * them.
 */
export async function saveJobLogs(
  logs: CloudWatchLogsClient,
  runs: readonly JobRun[],
  file: string,
): Promise<void> {
  const lines: string[] = [];
  for (const run of runs.toReversed()) {
    lines.push(`== ${run.JobName} ${run.Id} ${run.JobRunState} ${run.ErrorMessage ?? ""}`.trimEnd());
    for (const kind of ["output", "error"]) {
      lines.push(...(await linesOf(logs, `${run.LogGroupName}/${kind}`, run.Id)));
    }
  }
  writeFileSync(file, `${lines.join("\n")}\n`);
}

/** Writes the logs of functions to one file; returns the lines about errors, oldest first. */
export async function saveFunctionLogs(
  logs: CloudWatchLogsClient,
  functions: readonly string[],
  file: string,
): Promise<string[]> {
  const lines: string[] = [];
  for (const name of functions) {
    lines.push(`== ${name}`, ...(await linesOf(logs, `/aws/lambda/${name}`)));
  }
  writeFileSync(file, `${lines.join("\n")}\n`);
  return lines
    .filter((line) => /\berror\b/i.test(line))
    .map((line) => line.trim().slice(0, EXCERPT_CHARACTERS));
}

async function linesOf(logs: CloudWatchLogsClient, group: string, stream?: string): Promise<string[]> {
  const lines: string[] = [];
  const pages = paginateFilterLogEvents(
    { client: logs },
    { logGroupName: group, ...(stream === undefined ? {} : { logStreamNames: [stream] }) },
  );
  for await (const { events = [] } of pages) lines.push(...events.map((event) => event.message ?? ""));
  return lines;
}
