import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Layer, loadEnvironment, stateBucketName, stateKey } from "../../environments/schema";
import { REGION } from "../../local/emulator/emulator";
import { type LocalAws, startLocalAws } from "../../local/platform/aws";
import { COMPUTE, compute, STORAGE, storage, TinyStacks } from "../cli/plan/tiny-stacks";
import { Checkout } from "../support/checkout";
import { giveAccess, workflowVariables } from "../support/local-platform";
import { type Outcome, outcomeOf } from "../support/outcome";
import { stepOf } from "./workflow";

const environment = loadEnvironment("local");
const Bucket = stateBucketName(environment);

describe("the steps of the workflows that plan and apply, each under its role", () => {
  const workspace = mkdtempSync(join(tmpdir(), "tributary-workspace-"));
  const at = (...names: string[]) => join(workspace, ...names);
  const base = new Checkout(at("base"));
  const tiny = new TinyStacks((stack) => {
    const key = stateKey(environment, stack.replace("local-", "") as Layer);
    return { backend: "s3", config: { bucket: Bucket, key, region: REGION, use_path_style: true } };
  });
  let aws: LocalAws;
  let roles: Record<"plan" | "apply", NodeJS.ProcessEnv>;

  beforeAll(async () => {
    const author = "-c user.name=test -c user.email=test@example.org";
    // the tiny stacks have no provider
    writeFileSync(base.path(".terraform.lock.hcl"), "");
    const commands = [
      `git init -q && git add -A && git ${author} commit -q -m base`,
      "git clone -q . ../change",
      `cd ../change && echo a > a.txt && git add -A && git ${author} commit -q -m change`,
    ];
    for (const line of commands) expect(await base.run(line)).toMatchObject({ code: 0 });
    aws = await startLocalAws({ folder: at("aws"), auth: true, report: () => undefined });
    await giveAccess(aws);
    roles = { plan: await workflowVariables(aws, "plan"), apply: await workflowVariables(aws, "apply") };
  });
  afterAll(async () => {
    await aws.stop();
    tiny.remove();
    rmSync(workspace, { recursive: true });
  });

  /** Runs a step as GitHub does; of its outputs, the last. */
  const run = async (
    role: "plan" | "apply",
    place: readonly [file: string, job: string, name: string],
    variables: NodeJS.ProcessEnv = {},
    folder = "base",
  ): Promise<Outcome & { output: string }> => {
    const { run: script = "", "working-directory": directory = folder } = stepOf(...place);
    const output = at("output");
    writeFileSync(output, "");
    const outcome = await outcomeOf(["bash", "-e", "-c", script], at(directory), {
      ...aws.environment,
      ...roles[role],
      ENVIRONMENT: "local",
      GITHUB_SERVER_URL: "https://github.com",
      GITHUB_REPOSITORY: "example/lake",
      GITHUB_RUN_ID: "1",
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: at("summary"),
      ...variables,
    });
    return { ...outcome, output: readFileSync(output, "utf8").trim() };
  };
  const propose = () => run("plan", ["plan.yml", "plan", "plan what was synthesized"]);
  const plan = (KEEP: string, ALLOW_DESTROY = "") =>
    run("plan", ["deploy.yml", "plan", "plan, and keep that"], { KEEP, ALLOW_DESTROY });
  const apply = (KEPT: string, ALLOW_DESTROY = "") =>
    run("apply", ["deploy.yml", "apply", "apply what was approved"], { KEPT, ALLOW_DESTROY });

  /** Writes the stacks to where the steps find what was synthesized. */
  const synthesize = (...stacks: Parameters<TinyStacks["write"]>) => {
    tiny.write(...stacks);
    for (const folder of [at("stacks"), base.path("cdktf.out")]) {
      rmSync(folder, { recursive: true, force: true });
      cpSync(tiny.synthesized, folder, { recursive: true });
      for (const stack of [STORAGE, COMPUTE]) {
        writeFileSync(join(folder, "stacks", stack, ".terraform.lock.hcl"), "");
      }
    }
  };
  const s3 = (role: "plan" | "apply") => {
    const given = roles[role];
    return new S3Client({
      endpoint: aws.endpoint,
      region: REGION,
      forcePathStyle: true,
      credentials: {
        accessKeyId: given["AWS_ACCESS_KEY_ID"] ?? "",
        secretAccessKey: given["AWS_SECRET_ACCESS_KEY"] ?? "",
        sessionToken: given["AWS_SESSION_TOKEN"] ?? "",
      },
    });
  };
  const keptKeys = async () => {
    const { Contents = [] } = await s3("plan").send(new ListObjectsV2Command({ Bucket, Prefix: "_plans/" }));
    return Contents.map(({ Key = "" }) => Key);
  };
  const treeOf = async (folder: string) =>
    (await outcomeOf(["git", "rev-parse", "HEAD^{tree}"], at(folder))).stdout.trim();
  /** Value that the first stack keeps in its state. */
  const applied = async () => {
    const Key = stateKey(environment, "storage");
    const { Body } = await s3("apply").send(new GetObjectCommand({ Bucket, Key }));
    return JSON.parse((await Body?.transformToString()) ?? "").outputs.name.value;
  };

  test("a change is planned by the commands of the base, bound to the change's own tree, and kept", async () => {
    synthesize(storage(), compute());
    const { code, stdout, stderr } = await propose();
    const kept = expect.stringContaining("kept as ");
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: kept, stderr: "" });
    const [, name] = /^kept as (.*)$/m.exec(stdout) ?? [];
    const tree = await treeOf("change");
    expect(tree).not.toBe(await treeOf("base"));
    expect(await keptKeys()).toEqual([`_plans/local/${tree}/${name}.json.gz`]);
    expect(readFileSync(base.path("plans", "comment.md"), "utf8")).toContain("## Plan of local");
    expect(JSON.parse(readFileSync(base.path("plans", STORAGE, "binding.json"), "utf8"))).toMatchObject({
      tree,
      uncommitted: [],
    });
  });

  test("who plans cannot read what is kept, nor write over it, nor delete it; who applies can read it", async () => {
    const [Key] = await keptKeys();
    const denied = { name: "AccessDenied" };
    const place = { Bucket, Key };
    const planner = s3("plan");
    await expect(planner.send(new GetObjectCommand(place))).rejects.toMatchObject(denied);
    await expect(planner.send(new DeleteObjectCommand(place))).rejects.toMatchObject(denied);
    await expect(planner.send(new PutObjectCommand({ ...place, Body: "x" }))).rejects.toMatchObject(denied);
    await expect(
      planner.send(new PutObjectCommand({ ...place, Body: "x", IfNoneMatch: "*" })),
    ).rejects.toMatchObject({ name: "PreconditionFailed" });
    const elsewhere = { Bucket, Key: "_plans/prod/x", Body: "x", IfNoneMatch: "*" };
    await expect(planner.send(new PutObjectCommand(elsewhere))).rejects.toMatchObject(denied);
    const applier = s3("apply");
    expect((await applier.send(new GetObjectCommand(place))).Body).toBeDefined();
    await expect(
      applier.send(new PutObjectCommand({ Bucket, Key: `${Key}.2`, Body: "x", IfNoneMatch: "*" })),
    ).rejects.toMatchObject(denied);
    await expect(applier.send(new DeleteObjectCommand(place))).rejects.toMatchObject(denied);
  });

  test("once merged by another commit of that tree, the plan that was reviewed is applied, and not made again", async () => {
    const merge =
      "git fetch -q ../change && git merge -q --squash FETCH_HEAD && git -c user.name=test -c user.email=test@example.org commit -q -m merged";
    expect(await base.run(merge)).toMatchObject({ code: 0 });
    expect(await treeOf("base")).toBe(await treeOf("change"));
    const count = (await keptKeys()).length;
    const { code, stdout, output } = await plan("--unless-kept");
    const [, name = ""] = /^kept=(.*)$/.exec(output) ?? [];
    expect({ code, stdout }).toEqual({ code: 0, stdout: `kept as ${name}\n` });
    expect(await keptKeys()).toHaveLength(count);
    const outcome = await apply(name);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.stdout).toContain(`\n${STORAGE}: applied\n`);
    expect(await applied()).toBe("one");
    // the same again has nothing left to do, also where no name was approved
    const newest = "npm run --silent apply -- --environment local --synthesized cdktf.out --kept";
    expect(await base.run(newest, ".", { ...aws.environment, ...roles.apply })).toMatchObject({
      code: 0,
      stdout: `${STORAGE}: would be applied; repeat with --yes\n`,
    });
    expect((await apply(name)).stdout).toContain(`${STORAGE}: nothing is left to do\n`);
  });

  test("an approval that came before the newest plan is refused", async () => {
    synthesize(storage({ kept: "two" }), compute());
    const [first, second] = [(await plan("--keep")).output, (await plan("--keep")).output].map((output) =>
      output.replace("kept=", ""),
    );
    const { code, stderr } = await apply(first ?? "");
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(
        `${first} was approved, and the newest plans of tree ${await treeOf("base")} are ${second}`,
      ),
    ]);
    expect(await applied()).toBe("one");
    const addresses = "aws_s3_bucket.a aws_s3_bucket.b";
    // the second stack reads what the first gives: it takes a round of its own
    expect(await apply(second ?? "", addresses)).toMatchObject({ code: 1 });
    expect(await applied()).toBe("two");
    const third = (await plan("--keep")).output.replace("kept=", "");
    expect((await apply(third)).stdout).toContain(`\n${COMPUTE}: applied\n`);
  });

  test("what somebody forged with the role that plans is not applied", async () => {
    synthesize(storage({ kept: "three" }), compute());
    const honest = (await plan("--keep")).output.replace("kept=", "");
    const tree = await treeOf("base");
    const Key = `_plans/local/${tree}/${honest}.json.gz`;
    const { Body } = await s3("apply").send(new GetObjectCommand({ Bucket, Key }));
    const text = gunzipSync((await Body?.transformToByteArray()) ?? "").toString();
    expect(text).toContain('"three"');
    const forge = (content: string, name: string) =>
      s3("plan").send(
        new PutObjectCommand({
          Bucket,
          Key: `_plans/local/${tree}/${name}.json.gz`,
          Body: gzipSync(content),
          IfNoneMatch: "*",
        }),
      );
    await forge(text.replaceAll('"three"', '"evil"'), `${honest}1`);
    const other = await apply(`${honest}1`);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("it has come to other changes")]);
    await forge('{"stacks":{"../../x":{"binding":{},"plan":{}}}}', `${honest}2`);
    const odd = await apply(`${honest}2`);
    expect([odd.code, odd.stderr]).toEqual([
      1,
      expect.stringContaining(`what is kept as ${honest}2 are no plans`),
    ]);
    expect(await applied()).toBe("two");
    expect(existsSync(base.path(".tributary", "x"))).toBe(false);
  });

  test("a plan that is refused goes no further, but to an apply that is to allow losses, which judges it", async () => {
    const policy = '{ rules: { local: { resourcesDestroyed: { level: "deny", above: 0 } } } }';
    writeFileSync(base.path("environments", "plan-policy.ts"), `export const planPolicy = ${policy};\n`);
    const commit = "git -c user.name=test -c user.email=test@example.org commit -q -a -m policy";
    expect(await base.run(commit)).toMatchObject({ code: 0 });
    synthesize(storage({ replacedBy: "another" }), compute());
    expect(await plan("--keep")).toMatchObject({ code: 1, output: expect.stringMatching(/^kept=/) });
    const { code, output } = await plan("--keep", "aws_s3_bucket.a");
    expect(code).toBe(0);
    expect(await apply(output.replace("kept=", ""), "aws_s3_bucket.a")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("which resourcesDestroyed in environments/plan-policy.ts denies"),
    });
    expect(await applied()).toBe("two");
    expect(await base.run("git reset -q --hard HEAD~1")).toMatchObject({ code: 0 });
    synthesize(storage({ kept: "two" }), compute());
  });

  test("what the settings no longer have goes only where a deploy would let it go", async () => {
    const instances = [{ attributes: { identifier: "old", deletion_protection: true } }];
    const resources = [{ mode: "managed", type: "aws_db_instance", name: "old", instances }];
    const state = { Bucket, Key: stateKey(environment, "ledger") };
    await s3("apply").send(new PutObjectCommand({ ...state, Body: JSON.stringify({ resources }) }));
    const { code, stderr } = await apply("any");
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("PostgreSQL server old is protected from deletion"),
    ]);
  });

  test("a night without drift leaves nothing to tell", async () => {
    const { code, stderr } = await run("plan", ["drift.yml", "drift", "look for drift"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(readFileSync(base.path("plans", "drift.md"), "utf8")).toBe("");
    expect(readFileSync(at("summary"), "utf8")).toContain("## Plan of local");
  });

  test("all that an apply needs is there before it has credentials", async () => {
    rmSync(base.path("cdktf.out"), { recursive: true });
    expect(await base.run("npm run apply -- --environment local --prepare")).toMatchObject({ code: 0 });
    expect(existsSync(base.path("cdktf.out", "manifest.json"))).toBe(true);
  });
});
