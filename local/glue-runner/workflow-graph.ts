import type { JsonObject } from "./protocol";
import type { JobRun } from "./run";
import type { Trigger } from "./trigger-store";

/** The triggers and jobs of a workflow, and which starts which, as Glue draws it. */
export function graphOf(triggers: readonly Trigger[], runs: readonly JobRun[]): JsonObject {
  const jobs = new Set(
    triggers.flatMap(({ Actions, Predicate }) =>
      [...Actions, ...(Predicate?.Conditions ?? [])].flatMap(({ JobName }) => JobName ?? []),
    ),
  );
  const Nodes = [
    ...triggers.map((trigger) => ({
      Type: "TRIGGER",
      Name: trigger.Name,
      UniqueId: triggerId(trigger),
      TriggerDetails: { Trigger: trigger },
    })),
    ...[...jobs].map((name) => ({
      Type: "JOB",
      Name: name,
      UniqueId: jobId(name),
      JobDetails: { JobRuns: runs.filter(({ JobName }) => JobName === name) },
    })),
  ];
  return { Nodes, Edges: triggers.flatMap(edgesOf) };
}

function edgesOf(trigger: Trigger): JsonObject[] {
  const started = trigger.Actions.map(({ JobName = "" }) => ({
    SourceId: triggerId(trigger),
    DestinationId: jobId(JobName),
  }));
  const watched = (trigger.Predicate?.Conditions ?? []).map(({ JobName = "" }) => ({
    SourceId: jobId(JobName),
    DestinationId: triggerId(trigger),
  }));
  return [...watched, ...started];
}

function triggerId({ Name }: Trigger): string {
  return `trigger/${Name}`;
}

function jobId(name: string): string {
  return `job/${name}`;
}
