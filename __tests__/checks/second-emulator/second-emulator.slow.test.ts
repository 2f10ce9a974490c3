import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ensureStateBucket } from "../../../cli/state-bucket";
import { local } from "../../../environments/local";
import { type Environment, stackName } from "../../../environments/schema";
import { parseEnvironment } from "../../../environments/schema/environment";
import { staging } from "../../../environments/staging";
import { withoutUserSettings } from "../../../local/platform/platform";
import { run } from "../../../setup/process";
import { ensureTerraform } from "../../../setup/terraform";
import { synthesizeInto } from "../../support/synthesize";
import { type Finding, unreviewed } from "../reviewed";
import { asTaken, DRIFT } from "./gaps";
import { type Moto, startMoto } from "./moto";

const LAYERS = ["network", "storage", "ledger"] as const;
type Layer = (typeof LAYERS)[number];

/** As deployed ones are, with endpoints, flow logs and TLS only; but with no server, for which nothing waits. */
const environment: Environment = parseEnvironment("second", {
  ...staging,
  account: local.account,
  deletionGuard: false,
  storage: { ...staging.storage, pathStyle: true, forceDestroy: true },
  ledger: {
    ...staging.ledger,
    postgres: {
      server: "existing",
      host: "postgres.internal",
      cidr: "10.90.0.0/24",
      authentication: "secret",
      secretArn: `arn:aws:secretsmanager:${local.region}:${local.account}:secret:ledger-AbCdEf`,
      tls: "require",
    },
  },
});

let folder = "";
let stacks = "";
let moto: Moto;
let variables: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tributary-moto-"));
  stacks = synthesizeInto(folder, [environment]);
  const terraform = await ensureTerraform(() => undefined);
  moto = await startMoto(environment.account, environment.region);
  variables = { ...withoutUserSettings(process.env), ...terraform.environment, ...moto.environment };
  const { AWS_ENDPOINT_URL: endpoint = "" } = moto.environment;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const s3 = new S3Client({ endpoint, region: environment.region, credentials, forcePathStyle: true });
  // as the buckets of the stacks: a policy with a condition refuses everything here
  await ensureStateBucket(s3, { ...environment, storage: { ...environment.storage, tlsOnly: false } });
  s3.destroy();
});

afterAll(async () => {
  await moto?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("a second emulator applies network, storage and ledger, and then plans nothing but its gaps", async () => {
  for (const layer of LAYERS) takeOutGaps(layer);
  await all([apply("network"), apply("storage")]);
  await apply("ledger");
  const changes = await all(LAYERS.map(plan));
  expect(unreviewed(changes.flat(), DRIFT)).toEqual([]);
});

/** Waits for all of the work, also where some of it fails: what runs on would find no server any more. */
async function all<Result>(work: readonly Promise<Result>[]): Promise<Result[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

function fileOf(layer: Layer): string {
  return join(stacks, stackName(environment, layer), "cdk.tf.json");
}

function takeOutGaps(layer: Layer): void {
  const stack = JSON.parse(readFileSync(fileOf(layer), "utf8"));
  // in lines, for Terraform quotes in errors the line that it speaks of
  writeFileSync(fileOf(layer), JSON.stringify(asTaken(layer, stack), undefined, 1));
}

async function apply(layer: Layer): Promise<void> {
  await terraform(layer, "init", "-input=false");
  await terraform(layer, "apply", "-auto-approve", "-input=false", "-parallelism=40");
}

/** Changes that a plan finds, with the arguments that differ. */
async function plan(layer: Layer): Promise<Finding[]> {
  await terraform(layer, "plan", "-input=false", "-out=again");
  const { resource_changes = [] } = JSON.parse(await terraform(layer, "show", "-json", "again"));
  return (resource_changes as ResourceChange[])
    .filter(({ change }) => change.actions.join() !== "no-op")
    .map(({ address, change }) => ({
      rule: change.actions.join(),
      where: [layer, address, ...differing(change)].join(" "),
    }));
}

interface ResourceChange {
  readonly address: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before: Readonly<Record<string, unknown>> | null;
    readonly after: Readonly<Record<string, unknown>> | null;
  };
}

function differing({ before, after }: ResourceChange["change"]): string[] {
  const keys = Object.keys({ ...before, ...after });
  return keys.filter((key) => JSON.stringify(before?.[key]) !== JSON.stringify(after?.[key])).sort();
}

/**
 * Runs Terraform in the folder of a stack and returns its standard output.
 * @throws Error with the end of its output where it fails
 */
async function terraform(layer: Layer, command: string, ...words: readonly string[]): Promise<string> {
  const stack = stackName(environment, layer);
  const { exitCode, stdout, output } = await run(["terraform", command, "-no-color", ...words], {
    folder: join(stacks, stack),
    environment: variables,
  });
  if (exitCode !== 0) throw new Error(`terraform ${command} of ${stack} failed: ${output.slice(-3000)}`);
  return stdout;
}
