/** Table of all settings, generated from the schema and the environments' files. */
import { type Environment, settings } from "./environment";
import { accepted, type SettingNode, settingTree } from "./problems";

interface Leaf {
  readonly path: readonly string[];
  readonly node: SettingNode;
  readonly required: boolean;
}

/** Builds docs/environments.md for these environments, in their order. */
export function environmentsDocumentation(environments: readonly Environment[]): string {
  return `${[...introduction(), ...table(environments), ...closing()].join("\n")}\n`;
}

function introduction(): string[] {
  return [
    "# Environments",
    "",
    "Generated from the schema in `environments/schema/` by `npm run docs`; edit that, not this page.",
    "",
    "An environment is a file of plain data in `environments/` and a line in `environments/files.ts`. A setting that a",
    "file leaves out has its default. A wrong value fails at synthesis, before any stack is built, with every problem",
    "of every file at once:",
    "",
    "```text",
    "environments/prod.ts: network.zones: expected 1 to 6 different values, each the zone's letter, a to f, or its id such as use1-az1, got []",
    "environments/prod.ts: budget.monthlyDollars is required: expected a whole number from 1 to 1000000 USD",
    'environments/prod.ts: unknown key "ledgr"; did you mean "ledger"?',
    "```",
    "",
  ];
}

function closing(): string[] {
  return [
    "",
    "What `storage.cloudtrailDataEvents` costs: 0.10 USD for each 100,000 events, and every object read or written is",
    "one. A million small uploads, each read once and written twice, come to about 3 USD.",
  ];
}

function table(environments: readonly Environment[]): string[] {
  const header = ["setting", "meaning", "accepts", "default", ...environments.map((each) => each.name)];
  const rows = leavesOf(settingTree(settings), [], true).map((leaf) => row(leaf, environments));
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

function leavesOf(node: SettingNode, path: readonly string[], required: boolean): Leaf[] {
  if (!node.properties) return [{ path, node, required }];
  return Object.entries(node.properties).flatMap(([name, member]) =>
    leavesOf(member, [...path, name], node.required?.includes(name) ?? false),
  );
}

function row(leaf: Leaf, environments: readonly Environment[]): string[] {
  const { node } = leaf;
  return [
    `\`${leaf.path.join(".")}\``,
    node.description ?? "",
    accepted(node),
    node.default === undefined ? (leaf.required ? "required" : "absent") : shown(node.default, node),
    ...environments.map((each) => shown(valueAt(each, leaf.path), node)),
  ].map((cell) => cell.replaceAll("|", "\\|"));
}

function valueAt(environment: Environment, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, step) => (value as Readonly<Record<string, unknown>> | undefined)?.[step],
    environment,
  );
}

function shown(value: unknown, node: SettingNode): string {
  if (value === undefined) return "–";
  if (Array.isArray(value))
    return value.length === 0 ? "none" : value.map((each) => `\`${each}\``).join(", ");
  if (typeof value === "object")
    return Object.keys(value ?? {}).length === 0 ? "none" : `\`${JSON.stringify(value)}\``;
  return node.unit === undefined ? `\`${value}\`` : `${value} ${node.unit}`;
}
