import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { Environment } from "../../environments/schema";
import { Platform } from "../../stacks/platform";
import type { StackJson } from "./stacks";

/** All stacks of the environments by their names, as JSON; every stack is prepared before any is written. */
export function synthesize(environments: readonly Environment[]): ReadonlyMap<string, StackJson> {
  const written = write(environments);
  return new Map([...written].map(([stack, text]) => [stack, JSON.parse(text) as StackJson]));
}

/** All stacks of the environments by their names, as HCL without what follows machine, folder or handlers' code. */
export function synthesizeHcl(environments: readonly Environment[]): ReadonlyMap<string, string> {
  // decides what a stack writes; the file keeps its name
  process.env["SYNTH_HCL_OUTPUT"] = "1";
  try {
    const written = write(environments);
    return new Map([...written].map(([stack, text]) => [stack, normalised(text)]));
  } finally {
    delete process.env["SYNTH_HCL_OUTPUT"];
  }
}

/** One construct in a stack of its own. */
export function synthesizeConstruct(build: (scope: Construct) => void): StackJson {
  return inFolder((folder) => {
    const app = new App({ outdir: folder });
    const stack = new TerraformStack(app, "test");
    new AwsProvider(stack, "aws", { region: "us-east-1" });
    build(stack);
    app.synth();
    return JSON.parse(readFileSync(join(folder, "stacks", "test", "cdk.tf.json"), "utf8"));
  });
}

/** Writes all stacks of the environments, with the files they upload; returns the folder of the stacks' folders. */
export function synthesizeInto(folder: string, environments: readonly Environment[]): string {
  const app = new App({ outdir: folder });
  for (const environment of environments) new Platform(app, environment);
  app.synth();
  return join(folder, "stacks");
}

function write(environments: readonly Environment[]): ReadonlyMap<string, string> {
  return inFolder((folder) => {
    const stacks = synthesizeInto(folder, environments);
    return new Map(
      readdirSync(stacks).map((stack) => [stack, readFileSync(join(stacks, stack, "cdk.tf.json"), "utf8")]),
    );
  });
}

function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "tributary-synth-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function normalised(hcl: string): string {
  return hcl
    .replaceAll(/(assets\/[\w-]+)\/[0-9A-F]{32}\//g, "$1/<hash>/")
    .replaceAll(/\b(glue|wheels|functions|schemas\/\w+)\/[0-9a-f]{64}\//g, "$1/<sha256>/")
    .replaceAll(/"[0-9a-f]{64}"/g, '"<sha256>"')
    .replaceAll(/"[^"]*\/(\.tributary\/wheels\/|node_modules\/tsx\/|cli\/code\.ts")/g, '"$1');
}
