import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { applyPlans } from "../../cli/apply/apply-plans";
import type { Source } from "../../cli/plan/binding";
import { planStacks, takeSynthesis } from "../../cli/plan/plan-stacks";
import { render } from "../../cli/plan/summary/markdown";
import { outcomeOf as planOutcome } from "../../cli/plan/summary/outcome";
import type { StackPlan } from "../../cli/plan/summary/stack-plan";
import { summaryOf } from "../../cli/plan/summary/summary";
import { changingIn } from "../../cli/plan/summary/told";
import { ensureStateBucket } from "../../cli/state-bucket";
import { prod } from "../../environments/prod";
import {
  type Environment,
  type EnvironmentSettings,
  LAYERS,
  type Layer,
  loadPlanPolicy,
  stackName,
  stateBucketName,
  stateKey,
} from "../../environments/schema";
import { parseEnvironment } from "../../environments/schema/environment";
import { type LocalAws, startLocalAws } from "../../local/platform/aws";
import { clientsOf } from "../../local/platform/clients";
import { type LedgerServer, startLedgerServer } from "../../local/platform/ledger-server";
import { withoutUserSettings } from "../../local/platform/platform";
import { ROOT } from "../../setup/paths";
import { ensureTerraform } from "../../setup/terraform";
import { type Finding, unreviewed } from "../checks/reviewed";
import { rowsOf } from "../cli/plan/summary/plans";
import { outcomeOf } from "../support/outcome";
import { synthesizeInto } from "../support/synthesize";
import { DRIFT, OVERLAY } from "./production/overlay";

/** prod, as the emulator can be it. */
function production(settings: EnvironmentSettings = prod): Environment {
  const overlaid = OVERLAY.reduce((before, { changed }) => changed(before), settings);
  // wheels are downloaded, which is no matter of the stacks
  return parseEnvironment("prod", { ...overlaid, glue: { ...overlaid.glue, dependencies: "preinstalled" } });
}

/** A change that each layer sees. */
const CHANGED: EnvironmentSettings = {
  ...prod,
  storage: { ...prod.storage, keyDeletionDays: 20 },
  logs: { retentionDays: 400 },
  alerts: { ...prod.alerts, oldestPendingMinutes: 20 },
};

const environment = production();
const folder = mkdtempSync(join(tmpdir(), "tributary-production-"));
const plans = join(folder, "plans");
const synthesized = join(folder, "cdktf.out");
const source: Source = {
  environment: environment.name,
  account: environment.account,
  region: environment.region,
  tree: "a".repeat(40),
  uncommitted: [],
  locks: {},
};

let ledger: LedgerServer;
let aws: LocalAws;
let variables: NodeJS.ProcessEnv;

beforeAll(async () => {
  ledger = await startLedgerServer(folder);
  aws = await startLocalAws({ folder, variables: ledger.variables, report: () => undefined });
  const terraform = await ensureTerraform(() => undefined);
  variables = { ...withoutUserSettings(process.env), ...terraform.environment, ...aws.environment };
  await ensureStateBucket(clientsOf(aws).s3, environment);
});

afterAll(async () => {
  await aws?.stop();
  await ledger?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test.each(OVERLAY)("the emulator is still not what prod needs: $reason", async ({ isNeeded }) => {
  expect(await isNeeded(clientsOf(aws).settings)).toBe(true);
});

test("prod is planned and applied, changed in each layer, and then as it is planned, but for what the emulator forgets", async () => {
  await plan(environment);
  // the others read what these two give
  expect(await apply(environment)).toEqual(["ledger", "compute", "observability"]);
  const changed = production(CHANGED);
  const reviewed = await plan(changed);
  expect(layersOf(reviewed)).toEqual(LAYERS);
  const policy = loadPlanPolicy(environment.name);
  const summary = render(summaryOf(reviewed, { environment: changed, policy, uncommitted: [] }));
  expect(rowsOf(summary, "Settings of environments/prod.ts that changed")).toEqual([
    ["`alerts.oldestPendingMinutes`", "`30`", "`20`", expect.stringContaining("uploads-oldest-pending")],
    ["`logs.retentionDays`", "`365`", "`400`", expect.stringMatching(/retention_in_days`<br>and \d+ more$/)],
    ["`storage.keyDeletionDays`", "`30`", "`20`", expect.stringContaining("deletion_window_in_days")],
  ]);
  expect(await apply(changed)).toEqual([]);
  expect(unreviewed((await plan(changed)).flatMap(findingsOf), DRIFT)).toEqual([]);

  writeFileSync(join(folder, "summary.md"), summary);
  const states = await Promise.all(LAYERS.map(state));
  const files = [...states, join(folder, "summary.md")];
  const secrets = [process.execPath, "--import", "tsx", "cli/secrets.ts", ...files];
  expect(await outcomeOf(secrets, ROOT, {})).toMatchObject({ code: 0, stderr: "" });
});

async function plan(of: Environment): Promise<StackPlan[]> {
  rmSync(synthesized, { recursive: true, force: true });
  synthesizeInto(synthesized, [of]);
  takeSynthesis(synthesized, plans);
  const planned = await planStacks({ out: plans, source, variables, report: () => undefined });
  expect(planned.flatMap(({ diagnostics }) => diagnostics)).toEqual([]);
  return planned;
}

/** Applies what is planned; returns the layers whose plans were approved on the way, for they could not be planned before. */
async function apply(of: Environment): Promise<Layer[]> {
  const approved: Layer[] = [];
  const proposed = (layer: Layer) => existsSync(join(plans, stackName(of, layer), "proposed"));
  await applyPlans({
    plans,
    anew: false,
    synthesized,
    source,
    environment: of,
    policy: loadPlanPolicy(of.name),
    permit: { allowDestroy: [], deletionGuard: of.deletionGuard, maxAgeHours: 1 },
    variables,
    now: new Date(),
    unsaved: join(folder, "unsaved"),
    lockSeconds: 0,
    isTrial: false,
    ask: async () => {
      approved.push(...LAYERS.filter(proposed));
      return true;
    },
    report: () => undefined,
  });
  return approved;
}

function layersOf(planned: readonly StackPlan[]): Layer[] {
  const stacks = planned.filter((each) => planOutcome(each) !== "no changes").map(({ stack }) => stack);
  return LAYERS.filter((layer) => stacks.includes(stackName(environment, layer)));
}

/** Changes of a plan, with the attributes that differ. */
function findingsOf(planned: StackPlan): Finding[] {
  return changingIn(planned).map(({ change, address, differences }) => ({
    rule: change.actions.join(),
    where: [planned.stack, address, ...new Set(differences.map(({ path }) => path.split(/[.[]/)[0]))].join(
      " ",
    ),
  }));
}

/** Writes a stack's state into a file. */
async function state(layer: Layer): Promise<string> {
  const { s3 } = clientsOf(aws);
  const place = { Bucket: stateBucketName(environment), Key: stateKey(environment, layer) };
  const { Body } = await s3.send(new GetObjectCommand(place));
  const file = join(folder, `${layer}.tfstate`);
  writeFileSync(file, (await Body?.transformToString()) ?? "");
  return file;
}
