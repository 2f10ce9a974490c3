import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { LAYERS } from "../../environments/schema";
import { ROOT } from "../../setup/paths";
import { run } from "../../setup/process";
import { ensureTerraform } from "../../setup/terraform";
import { Checkout } from "../support/checkout";
import { inFolder } from "./machine";

const PLATFORM = `${process.platform}_${arch() === "x64" ? "amd64" : arch()}`;
const lock = readFileSync(join(ROOT, ".terraform.lock.hcl"), "utf8");

test("the lock has the provider of the bindings, for linux and darwin on amd64 and arm64", () => {
  const bindings = JSON.parse(
    readFileSync(join(ROOT, "node_modules/@cdktf/provider-aws/package.json"), "utf8"),
  );
  expect(lock).toMatch(/^provider "registry\.terraform\.io\/hashicorp\/aws" \{$/m);
  expect(lock).toContain(`version     = "${bindings.cdktf.provider.version}"`);
  // hashicorp/aws 5.100.0 has 14 packages, whose archives' list has a checksum, too
  expect(lock.match(/"h1:[A-Za-z0-9+/]{43}=",$/gm)).toHaveLength(14);
  expect(lock.match(/"zh:[0-9a-f]{64}",$/gm)).toHaveLength(15);
});

describe("each synthesized stack", () => {
  const checkout = new Checkout();
  let variables: NodeJS.ProcessEnv;
  const stack = (layer: string) => checkout.path("cdktf.out", "stacks", `local-${layer}`);

  beforeAll(async () => {
    const { code } = await checkout.run("npm run --silent synth -- --environment local");
    expect(code).toBe(0);
    variables = { ...process.env, ...(await ensureTerraform(() => undefined)).environment };
  });

  afterAll(() => checkout.remove());

  test.each(LAYERS)("has the lock beside it: %s", (layer) => {
    expect(readFileSync(join(stack(layer), ".terraform.lock.hcl"), "utf8")).toBe(lock);
  });

  /** Initializes the stack under a CLI configuration. */
  async function init(configuration: Record<string, string>) {
    rmSync(join(stack("network"), ".terraform"), { recursive: true, force: true });
    const { exitCode, output } = await run(["terraform", "init", "-backend=false", "-no-color"], {
      folder: stack("network"),
      environment: { ...variables, ...configuration },
    });
    return { exitCode, output: output.replaceAll(/[│╷╵\s]+/g, " ") };
  }

  test("takes the provider that the lock knows", async () => {
    expect(await init({})).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(stack("network"), ".terraform.lock.hcl"), "utf8")).toBe(lock);
  });

  test("refuses any other provider of a mirror", () =>
    inFolder(async (folder) => {
      const provider = join(folder, "registry.terraform.io/hashicorp/aws/5.100.0", PLATFORM);
      mkdirSync(provider, { recursive: true });
      writeFileSync(join(provider, "terraform-provider-aws_v5.100.0_x5"), "#!/bin/sh\n", { mode: 0o755 });
      const place = { ...variables, TRIBUTARY_PROVIDER_MIRROR: folder };
      const kept = {
        folder: join(folder, "kept"),
        releases: "",
        checksums: {},
        environment: place,
        home: folder,
      };
      const { environment } = await ensureTerraform(() => undefined, kept);
      const { exitCode, output } = await init(environment);
      expect(exitCode).toBe(1);
      expect(output).toContain(
        "hashicorp/aws 5.100.0 doesn't match any of the checksums previously recorded in the dependency lock file",
      );
    }));

  test("refuses to do without the lock", async () => {
    rmSync(join(stack("network"), ".terraform.lock.hcl"));
    const { exitCode, output } = await init({});
    expect(exitCode).toBe(1);
    expect(output).toContain("Provider dependency changes detected");
  });
});
