import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { environmentNames, LAYERS } from "../../environments/schema";
import { ROOT } from "../../setup/paths";

function run(command: string, words: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  return spawnSync(process.execPath, ["--import", "tsx", `cli/${command}.ts`, ...words], {
    cwd: ROOT,
    env,
    encoding: "utf8",
  });
}

describe.each(["synth", "bootstrap", "plan", "apply", "deploy", "docs"])("npm run %s", (command) => {
  test("answers --help", () => {
    const { status, stdout } = run(command, ["--help"]);
    expect(status).toBe(0);
    expect(stdout).toContain(`Usage: npm run ${command} --`);
  });

  test("exits with 2 for a word that it does not know", () => {
    expect(run(command, ["--sideways"]).status).toBe(2);
  });
});

describe.each(["synth", "bootstrap", "deploy"])("npm run %s", (command) => {
  test("exits with 1 for an environment that does not exist, naming those that do", () => {
    const { status, stderr } = run(command, ["--environment", "nowhere"]);
    expect(status).toBe(1);
    expect(stderr.trim().split("\n")).toEqual([
      "the environments have 1 problem(s)",
      `  environment: expected one of ${environmentNames().join(", ")}, got "nowhere"`,
    ]);
  });
});

test("npm run synth writes the stacks of one environment where it is told to", () => {
  const folder = mkdtempSync(join(tmpdir(), "tributary-cli-"));
  try {
    const { status, stdout } = run("synth", ["--environment", "staging", "--output", folder]);
    expect(status).toBe(0);
    expect(stdout).toContain(`5 stacks in ${folder}`);
    expect(stdout).toMatch(/reconciler: \d+ bytes/);
    expect(existsSync(join(folder, "stacks", "staging-compute", "cdk.tf.json"))).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("npm run deploy --prepare makes all that an apply needs, without credentials or a server", () => {
  const folder = mkdtempSync(join(tmpdir(), "tributary-cli-"));
  try {
    const environment = Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_"));
    const { status } = run("deploy", ["--environment", "local", "--prepare", "--output", folder], {
      ...Object.fromEntries(environment),
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
    });
    expect(status).toBe(0);
    const stacks = readdirSync(join(folder, "stacks")).sort();
    expect(stacks).toEqual(LAYERS.map((layer) => `local-${layer}`).sort());
    expect(existsSync(join(folder, "stacks", "local-network", ".terraform.lock.hcl"))).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
