import { writeFileSync } from "node:fs";
import { type CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import type { JobRun } from "@aws-sdk/client-glue";

/** Writes what job runs logged, oldest first, from both of Glue's log groups to one file: the emulator forgets it. */
export async function saveJobLogs(
  logs: CloudWatchLogsClient,
  runs: readonly JobRun[],
  file: string,
): Promise<void> {
  const lines: string[] = [];
  for (const run of runs.toReversed()) {
    lines.push(`== ${run.Id} ${run.JobRunState} ${run.ErrorMessage ?? ""}`.trimEnd());
    for (const kind of ["output", "error"]) {
      const pages = paginateFilterLogEvents(
        { client: logs },
        { logGroupName: `${run.LogGroupName}/${kind}`, logStreamNames: [run.Id ?? ""] },
      );
      for await (const { events = [] } of pages) lines.push(...events.map((event) => event.message ?? ""));
    }
  }
  writeFileSync(file, `${lines.join("\n")}\n`);
}
