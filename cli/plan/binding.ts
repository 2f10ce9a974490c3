import { createHash } from "node:crypto";
import { createReadStream, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Environment } from "../../environments/schema";
import { CommandError } from "../../setup/errors";
import { run } from "../../setup/process";
import type { State } from "./terraform";

/** State as it was when a plan was made. */
export interface BoundState {
  readonly serial: number;
  readonly lineage: string;
}

/** State of another stack as it was when a plan was made, and the outputs that the plan has of it. */
export interface BoundRead extends BoundState {
  /** SHA-256 of each output that is read. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** What is planned from: the same for all stacks of a run. */
export interface Source {
  readonly environment: string;
  readonly account: string;
  readonly region: string;
  /** Git's tree of the checkout; none where it is no repository. A commit would change by a squash merge. */
  readonly tree?: string;
  /** Files of the checkout that the tree does not have as they are. */
  readonly uncommitted: readonly string[];
  /** SHA-256 of the files that decide which packages and providers are taken. */
  readonly locks: Readonly<Record<string, string>>;
}

/** All that a plan was made from: with anything else it is another plan. */
export interface Binding extends Source {
  readonly stack: string;
  /** When it was planned, in ISO 8601. */
  readonly planned: string;
  /** SHA-256 of each synthesized file: configuration, archives of functions, packages of jobs, the provider's lock. */
  readonly synthesis: Readonly<Record<string, string>>;
  /** Version of Terraform; like `plan` none of a stack that cannot be planned until others are applied. */
  readonly terraform?: string;
  /** SHA-256 of Terraform's plan file. */
  readonly plan?: string;
  /** True for a plan that Terraform refuses to apply. */
  readonly errored: boolean;
  /** Its own state; none before the first apply. */
  readonly state?: BoundState;
  /** States that it reads, by stack. */
  readonly reads: Readonly<Record<string, BoundRead>>;
}

const LOCKS = ["package-lock.json", ".terraform.lock.hcl", "glue/requirements.lock", "glue/wheels.json"];

/** Describes a checkout, and what is synthesized from it. */
export async function sourceOf(
  root: string,
  { name, account, region }: Pick<Environment, "name" | "account" | "region">,
): Promise<Source> {
  const digests = LOCKS.map(async (file) => [file, await fileDigest(join(root, file))] as const);
  const locks = Object.fromEntries(await Promise.all(digests));
  return { environment: name, account, region, ...(await checkoutOf(root)), locks };
}

async function checkoutOf(root: string): Promise<Pick<Source, "tree" | "uncommitted">> {
  const git = (...words: string[]) => run(["git", "-C", root, ...words]);
  const tree = await git("rev-parse", "HEAD^{tree}");
  if (tree.exitCode !== 0) return { uncommitted: [] };
  const status = await git("status", "--porcelain", "-z");
  if (status.exitCode !== 0) throw new CommandError(`git status fails: ${status.output.trim()}`);
  const files = status.stdout.split("\0").filter((line) => line !== "");
  return { tree: tree.stdout.trim(), uncommitted: files.map((line) => line.slice(3)) };
}

/** SHA-256 of each file below a folder, by its path there; links and folders that Terraform makes are none. */
export async function fileDigests(folder: string): Promise<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
  const digests: Record<string, string> = {};
  for (const file of files) digests[file] = await fileDigest(join(folder, file));
  return digests;
}

export async function fileDigest(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** Names of the files that two folders do not have alike, each once. */
export function differingFiles(
  one: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].filter((name) => one[name] !== other[name]).sort();
}

export function boundState({ serial, lineage }: State): BoundState {
  return { serial, lineage };
}

/** Binds a state that is read, by the outputs that are read of it. */
export function boundRead(state: State, outputs: readonly string[]): BoundRead {
  const digests = [...outputs].sort().map((name) => [name, valueDigest(state.outputs[name]?.value)]);
  return { ...boundState(state), outputs: Object.fromEntries(digests) };
}

/** SHA-256 of a value, whatever the order of its keys. */
export function valueDigest(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

/** JSON of a value with the keys of its objects in order. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, each) =>
      typeof each === "object" && each !== null && !Array.isArray(each)
        ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)))
        : each,
    ) ?? "null"
  );
}
