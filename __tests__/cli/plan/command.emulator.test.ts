import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchLogsClient, CreateLogGroupCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  IAMClient,
} from "@aws-sdk/client-iam";
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Binding } from "../../../cli/plan/binding";
import { ensureStateBucket } from "../../../cli/state-bucket";
import { loadEnvironment, stateBucketName, stateKey } from "../../../environments/schema";
import { type Emulator, REGION, ROOT_CREDENTIALS, startEmulator } from "../../../local/emulator/emulator";
import { ensurePython } from "../../../setup/python";
import { Checkout } from "../../support/checkout";
import { eventually } from "../../support/eventually";
import { COMPUTE, compute, expression, STORAGE, storage, TinyStacks } from "./tiny-stacks";

const environment = loadEnvironment("local");
const BUCKET = stateBucketName(environment);
const KEY = stateKey(environment, "storage");

describe("npm run plan and npm run apply, with states in S3", () => {
  const folder = mkdtempSync(join(tmpdir(), "tributary-plan-emulator-"));
  const checkout = new Checkout();
  let emulator: Emulator;
  let settings: { endpoint: string; region: string; credentials: typeof ROOT_CREDENTIALS };
  let s3: S3Client;
  let tiny: TinyStacks;
  let variables: NodeJS.ProcessEnv;

  beforeAll(async () => {
    const commit = "git -c user.name=test -c user.email=test@example.org commit -q -m test";
    expect(await checkout.run(`git init -q && git add -A && ${commit}`)).toMatchObject({ code: 0 });
    const { python } = await ensurePython("run", () => undefined);
    emulator = await startEmulator({ python, folder });
    settings = { endpoint: emulator.endpoint, region: REGION, credentials: ROOT_CREDENTIALS };
    s3 = new S3Client({ ...settings, forcePathStyle: true });
    await ensureStateBucket(s3, environment);
    variables = {
      AWS_ENDPOINT_URL: emulator.endpoint,
      AWS_ACCESS_KEY_ID: ROOT_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ROOT_CREDENTIALS.secretAccessKey,
      AWS_REGION: REGION,
    };
    const config = { bucket: BUCKET, region: REGION, use_path_style: true, use_lockfile: true };
    tiny = new TinyStacks((stack) => ({
      backend: "s3",
      config: { ...config, key: KEY.replace("storage", stack.replace("local-", "")) },
    }));
  });
  afterAll(async () => {
    s3.destroy();
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
  const apply = (words: string, further: NodeJS.ProcessEnv = {}) =>
    checkout.run(
      `npm run --silent apply -- --environment local --plan ${tiny.out} --synthesized ${tiny.synthesized} ${words}`,
      ".",
      { ...variables, ...further },
    );
  const state = (words: string) => {
    const [word, ...rest] = words.split(" ");
    return checkout.run(
      `npm run --silent state -- ${word} --environment local ${rest.join(" ")}`,
      ".",
      variables,
    );
  };
  const read = (...path: string[]) => readFileSync(join(tiny.out, ...path), "utf8");

  test("leaves plans, what binds them, and a summary to review", async () => {
    tiny.write(storage(), compute());
    const first = await plan("");
    expect(first).toMatchObject({ code: 0, stderr: "" });
    const lines = first.stdout.split("\n");
    expect(lines).toContain(`${STORAGE}: 1 created, 2 outputs changed`);
    expect(lines).toContain(
      `${COMPUTE}: cannot be planned until these are applied: ${STORAGE} (no state yet)`,
    );
    expect(await apply("")).toMatchObject({
      code: 0,
      stdout: `${STORAGE}: would be applied; repeat with --yes\n${COMPUTE}: would be planned when it can be, and shown for approval\n`,
    });
    const stopped = await apply("--yes");
    expect(stopped.stdout).toContain("\nApply complete! Resources: 1 added, 0 changed, 0 destroyed.\n");
    expect(stopped.stdout).toContain(`\n${STORAGE}: applied\n`);
    expect(stopped.stdout).toContain("| `local-compute` | `terraform_data` | 1 | `name` |");
    expect(stopped.code).toBe(1);
    const [, name] = /: repeat with --approve ([0-9a-f]{12}) to apply it\n$/.exec(stopped.stderr) ?? [];
    const expired = { AWS_ACCESS_KEY_ID: "AKIAEXPIRED000000000", AWS_SESSION_TOKEN: "expired" };
    expect(await apply(`--approve ${name} --yes`, expired)).toMatchObject({ code: 1, stdout: "" });
    const approved = await apply(`--approve ${name} --yes`);
    expect(approved).toMatchObject({ code: 0, stderr: "" });
    expect(approved.stdout.endsWith(`\n${COMPUTE}: applied\n`)).toBe(true);
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
    expect(read("comment.md")).toBe(read("summary.md"));
    expect(read("summary.md")).toBe("## Plan of local: no changes\n");
  });

  test("exits with 1 where a guard refuses the plan, and tells it all the same", async () => {
    tiny.write(storage({ guarded: true, replacedBy: "second" }), compute());
    const { code, stdout } = await plan("--stack storage");
    expect(code).toBe(1);
    expect(stdout).toContain(`${STORAGE}: refused by Terraform (Instance cannot be destroyed): 1 replaced`);
    expect(read("summary.md")).toContain("`triggers_replace`: `first` → `second`");
    expect(existsSync(join(tiny.out, COMPUTE))).toBe(false);
  });

  /** Plans a change of the first stack, beside whatever more it is to have. */
  const planChange = async (kept: string, more: object = {}) => {
    const { resource, output } = storage({ kept });
    const { terraform_data } = resource as { terraform_data: object };
    tiny.write({ resource: { terraform_data: { ...terraform_data, ...more } }, output }, compute());
    expect(await plan("--stack storage")).toMatchObject({ code: 0 });
  };
  const keptInState = async () => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: KEY }));
    return JSON.parse((await Body?.transformToString()) ?? "").outputs.name.value;
  };

  test("names who holds the lock of a state, and goes on once it is free", async () => {
    await planChange("locked");
    const lock = { Bucket: BUCKET, Key: `${KEY}.tflock` };
    const Body = JSON.stringify({ ID: "1", Operation: "OperationTypeApply", Who: "somebody@else" });
    await s3.send(new PutObjectCommand({ ...lock, Body }));
    const { code, stderr } = await apply("--yes --lock-timeout 1");
    expect([code, stderr]).toEqual([1, expect.stringMatching(/Who: +somebody@else/)]);
    expect(await keptInState()).toBe("one");
    await s3.send(new DeleteObjectCommand(lock));
    expect(await apply("--yes")).toMatchObject({ code: 0 });
    expect(await keptInState()).toBe("locked");
  });

  test("keeps a state that expired credentials could not write, and writes it first when called again", async () => {
    const marker = join(tiny.folder, "made");
    // applied last, as its input is known only then
    const waits = {
      "local-exec": { command: `touch ${marker}; while [ -e ${marker} ]; do sleep 0.1; done` },
    };
    await planChange("expired", {
      slow: { input: expression("terraform_data.kept.id"), provisioner: [waits] },
    });
    const { credentials, revoke } = await temporaryCredentials();
    const applying = apply("--yes", credentials);
    await eventually("the apply to be in its midst", () => existsSync(marker));
    await revoke();
    rmSync(marker);
    const unsaved = checkout.path(".tributary", "unsaved", `${STORAGE}.tfstate`);
    expect(await applying).toMatchObject({ code: 1, stderr: expect.stringContaining(`it is in ${unsaved}`) });
    expect(existsSync(unsaved)).toBe(true);
    expect(await apply("--yes", credentials)).toMatchObject({ code: 1, stdout: "" });
    expect(await plan("--stack storage")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${unsaved} is a state of ${STORAGE} that no backend has yet`),
    });
    expect(await keptInState()).toBe("locked");
    // these credentials could not give the lock back, either
    expect(await apply("--yes")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("npm run state -- unlock"),
    });
    const told = /^would be unlocked: storage, locked by \S+ since \S+ for OperationTypeApply\. /;
    expect(await state("unlock --stack storage")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(told),
    });
    expect(await state("list")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("OperationTypeApply"),
    });
    expect(await state("unlock --stack storage --yes")).toMatchObject({ code: 0 });
    expect(await state("unlock --stack storage")).toMatchObject({ stdout: "storage is not locked\n" });
    expect(await apply("--yes")).toMatchObject({ code: 0 });
    expect(await keptInState()).toBe("expired");
    expect(existsSync(unsaved)).toBe(false);
  });

  test("npm run state shows earlier states, restores one as the newest, and backs all up", async () => {
    const rows = async () => {
      const { stdout } = await state("versions --stack storage");
      return stdout
        .trim()
        .split("\n")
        .slice(2)
        .map((line) => line.split(/ {2,}/));
    };
    const [newest, earlier] = await rows();
    const restore = `restore --stack storage --version ${earlier?.[0]}`;
    expect(await state(restore)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^would be restored: storage with \d resources in place of 2; nothing/),
    });
    expect((await rows())[0]).toEqual(newest);
    expect(await state(`${restore} --yes`)).toMatchObject({ code: 0 });
    const [restored] = await rows();
    expect(Number(restored?.[2])).toBe(Number(newest?.[2]) + 1);
    expect(restored?.[3]).toBe(earlier?.[3]);
    expect(await state("restore --stack storage --version none")).toMatchObject({
      code: 1,
      stderr: "storage has no version none: npm run state -- versions lists them\n",
    });
    const saved = join(folder, "backup");
    expect(await state(`backup --out ${saved}`)).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(join(saved, "storage.tfstate"), "utf8")).serial).toBe(
      Number(restored?.[2]),
    );
    expect(statSync(join(saved, "storage.tfstate")).mode & 0o777).toBe(0o600);
    expect(await state(`restore --stack storage --version ${newest?.[0]} --yes`)).toMatchObject({ code: 0 });
  });

  test("npm run state restores nothing under another's lock", async () => {
    const lock = { Bucket: BUCKET, Key: `${KEY}.tflock` };
    await s3.send(new PutObjectCommand({ ...lock, Body: JSON.stringify({ ID: "1", Who: "somebody@else" }) }));
    const { stdout } = await state("versions --stack storage");
    const version = stdout.trim().split("\n").at(-1)?.split(/ {2,}/)[0];
    expect(await state(`restore --stack storage --version ${version} --yes`)).toMatchObject({
      code: 1,
      stderr: "storage is worked on by somebody@else\n",
    });
    await s3.send(new DeleteObjectCommand(lock));
  });

  /** Credentials that may do everything, until they are revoked. */
  async function temporaryCredentials() {
    const iam = new IAMClient(settings);
    const UserName = "deployer";
    await iam.send(new CreateUserCommand({ UserName }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    const { AccessKeyId = "", SecretAccessKey = "" } = AccessKey ?? {};
    return {
      credentials: { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey },
      revoke: () => iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId })),
    };
  }

  test("refuses to apply from files that are in no commit", async () => {
    tiny.write(storage(), compute());
    expect(await plan("")).toMatchObject({ code: 0 });
    writeFileSync(checkout.path("notes.txt"), "");
    const { code, stderr } = await apply("--yes");
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${COMPUTE}: notes.txt is in no commit`)]);
    rmSync(checkout.path("notes.txt"));
  });

  test("leaves pages for a review that have no secret, beside a plan that does", async () => {
    // put together here, or this file would have one
    const token = ["ghp", "a1B2".repeat(9)].join("_");
    const { resource, output } = storage();
    const { terraform_data } = resource as { terraform_data: object };
    const secret = { input: expression(`sensitive("${token}")`) };
    tiny.write({ resource: { terraform_data: { ...terraform_data, secret } }, output }, compute());
    expect(await plan("--stack storage")).toMatchObject({ code: 0 });
    const secrets = (...files: readonly string[]) =>
      checkout.run(`npm run --silent secrets -- ${files.map((file) => join(tiny.out, file)).join(" ")}`);
    const pages = ["summary.md", "comment.md", "drift.md", join(STORAGE, "summary.md")];
    expect(await secrets(...pages)).toMatchObject({ code: 0, stderr: "" });
    const { code, stderr } = await secrets(join(STORAGE, "plan.json"));
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("plan.json:1: @secretlint/secretlint-rule-github GITHUB_TOKEN"),
    ]);
    expect(stderr).not.toContain(token);
  });

  test("exits with 1 where a log group would go by the id of its construct, which an apply takes where it is allowed", async () => {
    const logs = new CloudWatchLogsClient(settings);
    await logs.send(new CreateLogGroupCommand({ logGroupName: "job" }));
    logs.destroy();
    const provider = 'provider["registry.terraform.io/hashicorp/aws"]';
    const attributes = { id: "job", name: "job" };
    const old = { mode: "managed", type: "aws_cloudwatch_log_group", name: "old", provider };
    const resources = [{ ...old, instances: [{ schema_version: 0, attributes }] }];
    const Body = JSON.stringify({ version: 4, serial: 1, lineage: "a", outputs: {}, resources });
    const place = { Bucket: BUCKET, Key: KEY };
    const before = await (await s3.send(new GetObjectCommand(place))).Body?.transformToByteArray();
    await s3.send(new PutObjectCommand({ ...place, Body }));

    tiny.write({ resource: { aws_cloudwatch_log_group: { new: { name: "job" } } } }, {});
    const lock = join(tiny.synthesized, "stacks", STORAGE, ".terraform.lock.hcl");
    copyFileSync(checkout.path(".terraform.lock.hcl"), lock);
    const planned = await plan("--stack storage --keep");
    expect(planned).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^kept as /m),
      stderr: expect.stringContaining(
        `${STORAGE}: aws_cloudwatch_log_group.old would be destroyed: it is aws_cloudwatch_log_group.new now, for the id of a construct changed: keep it by moveFromId("aws_cloudwatch_log_group.old") on the new resource\n`,
      ),
    });
    const kept = (words: string) =>
      checkout.run(
        `npm run --silent apply -- --environment local --kept --synthesized ${tiny.synthesized} ${words}`,
        ".",
        variables,
      );
    expect(await kept("")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("repeat with --allow-destroy 'aws_cloudwatch_log_group.old'"),
    });
    expect(await kept("--allow-destroy aws_cloudwatch_log_group.old")).toMatchObject({
      code: 0,
      stdout: `${STORAGE}: would be applied; repeat with --yes\n`,
    });
    await s3.send(new PutObjectCommand({ ...place, Body: before ?? "" }));
    rmSync(lock);
  });

  test("exits with 1 where the policy denies, and applies nothing, nor does npm run deploy", async () => {
    const policy = '{ rules: { local: { resourcesDestroyed: { level: "deny", above: 0 } } } }';
    writeFileSync(checkout.path("environments", "plan-policy.ts"), `export const planPolicy = ${policy};\n`);
    const commit = "git -c user.name=test -c user.email=test@example.org commit -q -m policy";
    expect(await checkout.run(`git add -A && ${commit}`)).toMatchObject({ code: 0 });
    tiny.write(storage({ replacedBy: "third" }), compute());
    const denied =
      "2 resources are destroyed or replaced, more than 0, which resourcesDestroyed in environments/plan-policy.ts denies in local";
    const planned = await plan("--stack storage --keep");
    expect(planned).toMatchObject({ code: 1, stderr: expect.stringContaining(denied) });
    expect(planned.stdout).toMatch(/^kept as /m);
    expect(read("summary.md")).toContain("### Policy: 1 denied, 0 to look at, 0 excepted\n");
    expect(await apply("--yes")).toMatchObject({ code: 1, stderr: expect.stringContaining(denied) });
    const deploy = "npm run --silent deploy -- --environment local --auto-approve";
    expect(
      await checkout.run(`${deploy} --output ${tiny.synthesized} -- --skip-synth`, ".", variables),
    ).toMatchObject({ code: 1, stderr: expect.stringMatching(`^nothing was changed:\n  ${denied}`) });
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
