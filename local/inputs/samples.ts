import { join } from "node:path";
import type { Pipeline } from "../../environments/schema/pipelines";
import type { Steps } from "../steps";
import { filesBelow, type InputFile, type Rounds, teamDatasets } from "./files";
import { generateFiles } from "./generated-files";
import { generateRawJson } from "./generated-raw-json";

/** Folders with sample files, by their dataset. */
export interface SampleFolders {
  readonly customers: string;
  readonly ml_events: string;
}

interface SampleContext {
  readonly steps: Steps;
  readonly python: string;
  readonly signal: AbortSignal;
  /** Folder for generated files. */
  readonly folder: string;
}

/** Returns the samples of a pipeline; there are none where their dataset is not declared. */
export async function samplesOf(
  pipeline: Pipeline,
  samples: SampleFolders,
  context: SampleContext,
): Promise<Rounds> {
  if (pipeline === "uploads")
    return isDeclared("customers") ? [sampleFiles("customers", samples.customers)] : [];
  if (pipeline === "manifests") return isDeclared("clicks") ? generatedClicks(context) : [];
  return isDeclared("ml_events") ? generatedEvents(samples.ml_events, context) : [];
}

function isDeclared(dataset: string): boolean {
  return teamDatasets().some(({ name }) => name === dataset);
}

/** Files of a folder that are all of one dataset. */
function sampleFiles(dataset: string, folder: string): readonly InputFile[] {
  const { taken } = filesBelow(
    folder,
    teamDatasets().filter(({ name }) => name === dataset),
  );
  return Object.values(taken).flat();
}

/** Files of all kinds; then one of them again with other content, and again with the same. */
function generatedClicks({ steps, python, signal, folder }: SampleContext): Promise<Rounds> {
  return steps.run("NDJSON files", async (report) => {
    const { first, replaced, bytes } = await generateFiles(python, join(folder, "ndjson"), signal);
    const [files, again] = [sampleFiles("clicks", first), sampleFiles("clicks", replaced)];
    report(`${files.length + 1} files, ${(bytes / 1e6).toFixed(1)} MB, 1 % of the lines broken`);
    return [files, again, again];
  });
}

/** Files of the past with the samples; then those of a week that has just begun. */
function generatedEvents(samples: string, { steps, folder }: SampleContext): Promise<Rounds> {
  return steps.run("raw JSON files", async (report) => {
    const generated = join(folder, "json");
    const { historical, weekly, bytes } = generateRawJson(generated);
    report(`${historical.length + weekly.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
    const files = (keys: readonly string[]) =>
      keys.map((key) => ({ path: join(generated, key), key, dataset: "ml_events" }));
    return [[...sampleFiles("ml_events", samples), ...files(historical)], files(weekly)];
  });
}
