import type { Environment, PlanPolicy } from "../../../environments/schema";
import { kindOf } from "../plan-json";
import { type Difference, pathText } from "./differences";
import { code, type Section, type Summary } from "./markdown";
import { monthlyCost } from "./monthly-cost";
import { openingsOf } from "./network";
import { groupedBy } from "./objects";
import { changedOutputs, outcomeOf } from "./outcome";
import type { Permission } from "./permissions";
import { findingsOf, policySection } from "./policy";
import { isLostGuard, isWeaker } from "./protection";
import { plannedRenames, renameText } from "./renames";
import { hiding } from "./secrets";
import { areSettings, settingsSection } from "./settings";
import type { StackPlan } from "./stack-plan";
import { guardOf, isStateful } from "./stateful";
import { changingIn, isEnd, isKept, type Told, toldOf } from "./told";

/** What a summary says besides its plans. */
export interface Heading {
  readonly environment: Environment;
  /** What plans of the environment must not do. */
  readonly policy: PlanPolicy;
  /** Files that the checkout has and its commit has not. */
  readonly uncommitted: readonly string[];
}

type Rows = Section["rows"];

const UNCOMMITTED_SHOWN = 5;

/** Tells what plans do, the risks first. */
export function summaryOf(plans: readonly StackPlan[], heading: Heading): Summary {
  const resources = plans.flatMap((plan) => toldOf(plan, plan.json?.resource_changes ?? []));
  const changing = plans.flatMap(changingIn);
  return {
    head: headOf(plans, heading),
    sections: [
      policySection(findingsOf(plans, heading.environment, heading.policy)),
      errors(plans),
      dataLost(changing),
      permissions(changing),
      openings(changing),
      weakened(changing),
      replaced(changing),
      destroyed(changing),
      changed(changing),
      moved(resources),
      settingsSection(changing, `environments/${heading.environment.name}.ts`),
      outputs(plans),
      driftOf(plans),
      newPermissions(changing),
      added(changing),
      monthlyCost(
        changing,
        heading.environment,
        plans.filter(isUnplanned).map(({ stack }) => stack),
      ),
    ],
  };
}

function isUnplanned({ json }: StackPlan): boolean {
  return json === undefined;
}

function headOf(plans: readonly StackPlan[], { environment, uncommitted }: Heading): string {
  const title = `## Plan of ${environment.name}`;
  const isEmpty = plans.every((plan) => outcomeOf(plan) === "no changes");
  const drifted = plans.some(({ json }) => (json?.resource_drift ?? []).length > 0);
  const note = uncommitted.length === 0 ? [] : [uncommittedText(uncommitted)];
  if (isEmpty && !drifted) return [`${title}: no changes`, ...note].join("\n\n");
  const rows = plans.map((plan) => `| ${code(plan.stack)} | ${outcomeText(plan)} |`);
  return [title, ...note, ["| Stack | Plan |", "| --- | --- |", ...rows].join("\n")].join("\n\n");
}

function outcomeText(plan: StackPlan): string {
  const isBad = plan.diagnostics.some(({ severity }) => severity === "error");
  // in code where it has Terraform's own words
  return isBad ? `**${code(hiding(plan.secrets, plan.json)(outcomeOf(plan)))}**` : plain(outcomeOf(plan));
}

/** Names of stacks and our own words, of which Markdown reads nothing else. */
function plain(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} ,.:()-]/gu, (each) => `&#${each.codePointAt(0)};`);
}

function uncommittedText(files: readonly string[]): string {
  const shown = files.slice(0, UNCOMMITTED_SHOWN).map(code).join(", ");
  const more = files.length > UNCOMMITTED_SHOWN ? ` and ${files.length - UNCOMMITTED_SHOWN} more` : "";
  return `**Planned from files that are in no commit**: ${shown}${more}.`;
}

function errors(plans: readonly StackPlan[]): Section {
  const rows = plans.flatMap(({ stack, diagnostics, secrets, json }) => {
    const hide = hiding(secrets, json);
    return diagnostics.map(({ severity, summary, detail }) => [
      code(stack),
      severity === "error" ? "**error**" : "warning",
      [summary, detail]
        .filter((text) => text !== "")
        .map((text) => code(hide(text)))
        .join("<br>"),
    ]);
  });
  return { heading: "What Terraform complains of", columns: ["Stack", "Severity", "Message"], rows };
}

function dataLost(resources: readonly Told[]): Section {
  const rows = groupedBy(resources, ({ stack }) => stack).flatMap((ofStack) => {
    const renames = new Map(plannedRenames(ofStack).map((rename) => [rename.from, rename]));
    return ofStack
      .filter(({ type, change }) => isStateful(type) && isEnd(change))
      .map((each) => {
        const rename = renames.get(each.address);
        const reason = rename === undefined ? reasonOf(each) : renameText(rename, code);
        return [...placeOf(each), `**${kindOf(each.change)}**`, reason, guardOf(each, each.guarded)];
      });
  });
  return {
    heading: "Data would be lost",
    columns: ["Stack", "Resource", "Action", "Because", "Stopped by"],
    rows,
  };
}

function permissions(resources: readonly Told[]): Section {
  const rows = resources.flatMap((each) =>
    each.permissions
      .filter(({ isWild }) => isWild || kindOf(each.change) !== "created")
      .map((permission) => permissionRow(each, permission)),
  );
  return { heading: "Permissions", columns: ["Stack", "Resource", "Access", "What"], rows };
}

function newPermissions(resources: readonly Told[]): Section {
  const rows = resources
    .filter(({ change }) => kindOf(change) === "created")
    .flatMap((each) =>
      each.permissions.filter(({ isWild }) => !isWild).map((permission) => permissionRow(each, permission)),
    );
  const heading = "Permissions that come with what is added";
  return { heading, isFolded: true, columns: ["Stack", "Resource", "Access", "What"], rows };
}

function permissionRow(resource: Told, { of, access, what, isWild }: Permission): string[] {
  const [stack, address] = placeOf(resource);
  const told = isWild ? "**wider, with a wildcard**" : access === "wider" ? "**wider**" : access;
  return [stack, `${address} ${of}`, told, what];
}

function openings(resources: readonly Told[]): Section {
  const rows = resources.flatMap((each) =>
    openingsOf(each).map((opening) => [...placeOf(each), code(each.hide(opening))]),
  );
  return { heading: "Network openings", columns: ["Stack", "Resource", "Opens"], rows };
}

function weakened(resources: readonly Told[]): Section {
  const rows = resources.flatMap((each) => {
    if (isLostGuard(each)) return [[...placeOf(each), "", "there", "**destroyed**"]];
    if (!isKept(each)) return [];
    return each.differences
      .filter(isWeaker)
      .map((difference) => [...placeOf(each), ...differenceCells(difference)]);
  });
  const heading = "Encryption, retention and guards weakened";
  return { heading, columns: ["Stack", "Resource", "Attribute", "Before", "After"], rows };
}

function replaced(resources: readonly Told[]): Section {
  const rows = resources
    .filter(({ type, change }) => kindOf(change) === "replaced" && !isStateful(type))
    .map((each) => [...placeOf(each), reasonOf(each)]);
  return { heading: "Replaced", columns: ["Stack", "Resource", "Because"], rows };
}

function destroyed(resources: readonly Told[]): Section {
  const rows = resources
    .filter(
      ({ type, change }) =>
        ["destroyed", "forgotten"].includes(kindOf(change)) && !(isStateful(type) && isEnd(change)),
    )
    .map((each) => [...placeOf(each), kindOf(each.change), reasonOf(each)]);
  return { heading: "Destroyed", columns: ["Stack", "Resource", "Action", "Because"], rows };
}

function changed(resources: readonly Told[]): Section {
  const rows = resources
    .filter((each) => isKept(each) && !areSettings(each))
    .map((each) => {
      const forcing = (each.change.replace_paths ?? []).map(pathText);
      const attributes = each.permissions.map(({ attribute }) => attribute);
      const isTold = ({ path }: Difference) =>
        forcing.includes(path) || attributes.includes(path.split(/[.[]/)[0] ?? "");
      return {
        ...each,
        differences: each.differences.filter((difference) => !isWeaker(difference) && !isTold(difference)),
      };
    });
  return {
    heading: "Changed",
    columns: ["Stack", "Resource", "Attribute", "Before", "After"],
    rows: differenceRows(rows),
  };
}

function moved(resources: readonly Told[]): Section {
  const rows = resources.flatMap((each) => [
    ...(each.previous_address ? [[...placeOf(each), `moved from ${code(each.previous_address)}`]] : []),
    ...(each.change.importing
      ? [[...placeOf(each), `imported as ${code(each.hide(each.change.importing.id ?? ""))}`]]
      : []),
  ]);
  return { heading: "Moved and imported", columns: ["Stack", "Resource", "From"], rows };
}

function outputs(plans: readonly StackPlan[]): Section {
  const rows = plans.flatMap(({ stack, json }) =>
    (json === undefined ? [] : changedOutputs(json)).flatMap((output) => {
      const readers = plans.filter(({ reads }) =>
        reads.some((read) => read.stack === stack && read.outputs.includes(output)),
      );
      return readers.map((reader) => [code(stack), code(output), code(reader.stack)]);
    }),
  );
  const heading =
    "Outputs that change: who reads them is planned with the old value here, and again before its apply";
  return { heading, columns: ["Stack", "Output", "Read by"], rows };
}

/** Tells what a refresh found changed by others. */
export function driftOf(plans: readonly StackPlan[]): Section {
  const resources = plans.flatMap((plan) => toldOf(plan, plan.json?.resource_drift ?? []));
  const isGone = ({ change }: Told) => kindOf(change) === "destroyed";
  const heading = "Drift: changed outside of Terraform since the last apply";
  return {
    heading,
    isFolded: true,
    columns: ["Stack", "Resource", "Attribute", "Before", "Now"],
    rows: [
      ...resources.filter(isGone).map((each) => [...placeOf(each), "", "there", "gone"]),
      ...differenceRows(resources.filter((each) => !isGone(each))),
    ],
  };
}

function added(resources: readonly Told[]): Section {
  const created = resources.filter(({ change }) => kindOf(change) === "created");
  const rows = groupedBy(created, ({ stack, type }) => `${stack} ${type}`).map((all) => [
    code(all[0].stack),
    code(all[0].type),
    String(all.length),
    all.map(nameOf).join(", "),
  ]);
  return { heading: "Added", columns: ["Stack", "Kind", "Number", "Names"], rows };
}

function placeOf({ stack, address }: Told): [string, string] {
  return [code(stack), code(address)];
}

function differenceCells({ path, before, after }: Difference): string[] {
  return [code(path), code(before), code(after)];
}

/** A row for each difference; what it is of is named in the first. Resources of a kind that differ alike are told together. */
function differenceRows(resources: readonly Told[]): Rows {
  const groups = groupedBy(resources, ({ stack, type, differences }) =>
    JSON.stringify([stack, type, differences]),
  );
  return groups.flatMap(([first, ...others]) => {
    const [stack, address] = placeOf(first);
    const names = [address, ...others.map(nameOf)].join(", ");
    return first.differences.map((each, index) => [
      ...(index === 0 ? [stack, names] : ["", ""]),
      ...differenceCells(each),
    ]);
  });
}

/** Address without the kind. */
function nameOf({ address, type }: Told): string {
  return code(address.replace(`${type}.`, ""));
}

const REASONS: Readonly<Record<string, string>> = {
  delete_because_no_resource_config: "it is no longer in the code",
  delete_because_no_move_target: "what it would move to is not in the code",
  delete_because_wrong_repetition: "it has a key or none, other than in the code",
  delete_because_count_index: "its number is no longer in the code",
  delete_because_each_key: "its key is no longer in the code",
  replace_because_tainted: "it is tainted: its creation failed half-way",
  replace_by_request: "that was asked for",
  replace_by_triggers: "what triggers it changes",
};

/** Why a resource goes: the attributes that cannot be changed in place, else Terraform's reason. */
function reasonOf({ change, action_reason = "", differences }: Told): string {
  const paths = (change.replace_paths ?? []).map(pathText);
  if (paths.length === 0) return REASONS[action_reason] ?? "";
  return paths
    .map((path) => {
      const [first] = differences.filter((each) => each.path === path || each.path.startsWith(`${path}.`));
      return first === undefined
        ? code(path)
        : `${code(first.path)}: ${code(first.before)} → ${code(first.after)}`;
    })
    .join("<br>");
}
