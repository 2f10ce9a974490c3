import { describe, expect, test } from "@jest/globals";
import { declaredDatasets } from "../../datasets/schema/datasets";
import { checkLeftOut, leftOutProblems } from "../../datasets/schema/left-out";
import type { Pipeline } from "../../environments/schema";

const DATASETS = [
  { name: "clicks", pipeline: "manifests" },
  { name: "customers", pipeline: "uploads" },
  { name: "smoke_manifests", pipeline: "manifests" },
] as const;

function environment(leftOut: string[], ...pipelines: Pipeline[]) {
  return { name: "dev", pipelines, datasets: { leftOut } };
}

describe("an environment without a pipeline", () => {
  test("names the datasets that it leaves out so", () => {
    expect(leftOutProblems(environment([], "uploads"), DATASETS)).toEqual([
      'environments/dev.ts: datasets.leftOut: expected a list with "clicks", or manifests in pipelines (nobody here ' +
        "takes files of that dataset), got []",
    ]);
    expect(leftOutProblems(environment(["clicks"], "uploads"), DATASETS)).toEqual([]);
    expect(leftOutProblems(environment([], "uploads", "manifests"), DATASETS)).toEqual([]);
  });

  test("names no dataset that it does not leave out", () => {
    expect(leftOutProblems(environment(["clicks", "customers"], "uploads"), DATASETS)).toEqual([
      'environments/dev.ts: datasets.leftOut: expected only datasets whose pipeline is off here: clicks, got "customers"',
    ]);
    expect(leftOutProblems(environment(["clicks"], "uploads", "manifests"), DATASETS)).toEqual([
      'environments/dev.ts: datasets.leftOut: expected only datasets whose pipeline is off here: there is none, got "clicks"',
    ]);
  });

  test("fails with all of them, else", () => {
    expect(() => checkLeftOut([environment([], "uploads")], declaredDatasets())).toThrow(
      /2 problem\(s\)\n.+"clicks".+\n.+"ml_events"/,
    );
  });
});
