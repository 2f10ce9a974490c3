import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Binding } from "../../../cli/plan/binding";
import { type Emulator, REGION, ROOT_CREDENTIALS, startEmulator } from "../../../local/emulator/emulator";
import { ensurePython } from "../../../setup/python";
import { Checkout } from "../../support/checkout";
import { COMPUTE, compute, STORAGE, storage, TinyStacks } from "./tiny-stacks";

const BUCKET = "states";

describe("npm run plan and npm run apply, with states in S3", () => {
  const folder = mkdtempSync(join(tmpdir(), "tributary-plan-emulator-"));
  const checkout = new Checkout();
  let emulator: Emulator;
  let tiny: TinyStacks;
  let variables: NodeJS.ProcessEnv;

  beforeAll(async () => {
    const commit = "git -c user.name=test -c user.email=test@example.org commit -q -m test";
    expect(await checkout.run(`git init -q && git add -A && ${commit}`)).toMatchObject({ code: 0 });
    const { python } = await ensurePython("run", () => undefined);
    emulator = await startEmulator({ python, folder });
    const s3 = new S3Client({
      endpoint: emulator.endpoint,
      region: REGION,
      credentials: ROOT_CREDENTIALS,
      forcePathStyle: true,
    });
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    s3.destroy();
    variables = {
      AWS_ENDPOINT_URL: emulator.endpoint,
      AWS_ACCESS_KEY_ID: ROOT_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ROOT_CREDENTIALS.secretAccessKey,
      AWS_REGION: REGION,
    };
    const config = { bucket: BUCKET, region: REGION, use_path_style: true };
    tiny = new TinyStacks((stack) => ({ backend: "s3", config: { ...config, key: `${stack}.tfstate` } }));
  });
  afterAll(async () => {
    await emulator.stop();
    tiny.remove();
    checkout.remove();
    rmSync(folder, { recursive: true });
  });

  const plan = (words: string) =>
    checkout.run(
      `npm run --silent plan -- --environment local --out ${tiny.out} --synthesized ${tiny.synthesized} ${words}`,
      ".",
      variables,
    );
  const apply = (words: string) =>
    checkout.run(
      `npm run --silent apply -- --environment local --plan ${tiny.out} --synthesized ${tiny.synthesized} ${words}`,
      ".",
      variables,
    );
  const read = (...path: string[]) => readFileSync(join(tiny.out, ...path), "utf8");

  test("leaves plans, what binds them, and a summary to review", async () => {
    tiny.write(storage(), compute());
    const first = await plan("");
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout.split("\n").slice(0, 2)).toEqual([
      `${STORAGE}: 1 created, 2 outputs changed`,
      `${COMPUTE}: cannot be planned until these are applied: ${STORAGE} (no state yet)`,
    ]);
    expect(await apply("")).toMatchObject({
      code: 0,
      stdout: `${STORAGE}: would be applied; repeat with --yes\n`,
    });
    const applied = await apply("--yes");
    expect(applied).toMatchObject({ code: 0, stderr: "" });
    expect(applied.stdout).toContain("\nApply complete! Resources: 1 added, 0 changed, 0 destroyed.\n");
    expect(applied.stdout.endsWith(`\n${STORAGE}: applied\n`)).toBe(true);
    expect(await apply("--yes")).toMatchObject({ code: 1, stdout: "" });

    expect(await plan("")).toMatchObject({ code: 0, stderr: "" });
    const { stdout: tree } = await checkout.run("git rev-parse HEAD^{tree}");
    const binding: Binding = JSON.parse(read(COMPUTE, "binding.json"));
    expect(binding).toMatchObject({
      environment: "local",
      stack: COMPUTE,
      reads: { [STORAGE]: { serial: 1 } },
      locks: { "package-lock.json": expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(binding).toMatchObject({ tree: tree.trim(), uncommitted: [] });
    expect(read("summary.md")).toContain("| `local-compute` | `terraform_data` | 1 | `name` |");
    expect(read("comment.md")).toBe(read("summary.md"));
    expect(read(STORAGE, "summary.md")).toMatch(/^## Plan of local: no changes\n/);
  });

  test("exits with 1 where a guard refuses the plan, and tells it all the same", async () => {
    tiny.write(storage({ guarded: true, replacedBy: "second" }), compute());
    const { code, stdout } = await plan("--stack storage");
    expect([code, stdout.split("\n")[0]]).toEqual([
      1,
      `${STORAGE}: refused by Terraform (Instance cannot be destroyed): 1 replaced`,
    ]);
    expect(read("summary.md")).toContain("`triggers_replace`: `first` → `second`");
    expect(existsSync(join(tiny.out, COMPUTE))).toBe(false);
  });

  test("refuses to apply from files that are in no commit", async () => {
    tiny.write(storage(), compute());
    expect(await plan("")).toMatchObject({ code: 0 });
    writeFileSync(checkout.path("notes.txt"), "");
    const { code, stderr } = await apply("--yes");
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${COMPUTE}: notes.txt is in no commit`)]);
  });

  test("exits with 2 for a stack that there is not, and with 1 for the credentials of another account", async () => {
    expect(await plan("--stack compote")).toMatchObject({ code: 2, stdout: "" });
    const { code, stderr } = await checkout.run(
      `npm run --silent plan -- --environment dev --out ${tiny.out}`,
      ".",
      variables,
    );
    expect(code).toBe(1);
    expect(stderr).toContain("credentials: expected those of account");
  });
});
