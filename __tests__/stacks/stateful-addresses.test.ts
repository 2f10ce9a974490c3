import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { type Holder, holderOf, renamesOf, renameText } from "../../cli/plan/summary/renames";
import { isStateful } from "../../cli/plan/summary/stateful";
import { LAYERS } from "../../environments/schema";
import { type StackJson, stacksOf } from "../support/stacks";

/** Written by jest, and read before it is: what it has is deployed somewhere. */
const RECORD = join(__dirname, "__snapshots__", "stateful-addresses.test.ts.snap");

/** Stateful resources of a stack, a line each: address and what AWS knows it by. */
function holdersOf({ resource }: StackJson): Holder[] {
  return Object.entries(resource)
    .filter(([type]) => isStateful(type))
    .flatMap(([type, all]) =>
      Object.entries(all).map(([id, values]) => holderOf(`${type}.${id}`, type, values)),
    );
}

function linesOf(stack: StackJson): string[] {
  return holdersOf(stack)
    .map(({ address, identity = "" }) => `${address} ${identity}`)
    .sort();
}

/** Stateful resources that jest's snapshots have of a stack. */
function recordedHolders(snapshots: string, stack: string): Holder[] {
  const [, lines = ""] = snapshots.split(`exports[\`${stack} keeps`);
  const [text = ""] = lines.split("`;");
  return [...text.matchAll(/^ {2}"((aws_\w+)\.\S+) (.*)",$/gm)].map(
    ([, address = "", type = "", identity = ""]) => ({
      address,
      type,
      identity: identity.replaceAll("\\$", "$"),
    }),
  );
}

/** Resources that a stack would lose by another address alone, without a block that moves them, with the way out. */
function lostOf(recorded: readonly Holder[], stack: StackJson): string[] {
  const now = holdersOf(stack);
  const isIn = (all: readonly Holder[]) => (each: Holder) =>
    all.some(({ address }) => address === each.address);
  const renames = renamesOf(
    recorded.filter((each) => !isIn(now)(each)),
    now.filter((each) => !isIn(recorded)(each)),
  );
  return renames
    .filter(({ from, to }) => !(stack.moved ?? []).some((moved) => moved.from === from && moved.to === to))
    .map((rename) => `${rename.from} would be destroyed: ${renameText(rename)}`);
}

const STACKS = ["dev", "staging", "prod"].flatMap((name) => LAYERS.map((layer) => `${name}-${layer}`));
const stacks = stacksOf("dev", "staging", "prod");
const snapshots = readFileSync(RECORD, "utf8");

describe.each(STACKS)("%s", (name) => {
  const stack = stacks.get(name) as StackJson;

  test("keeps the addresses of what holds data", () => {
    // first, so that -u writes nothing down that would lose something
    expect(lostOf(recordedHolders(snapshots, name), stack)).toEqual([]);
    expect(linesOf(stack)).toMatchSnapshot();
  });
});

describe("another id of a construct", () => {
  const bucket = { bucket: "shop-raw" };
  const renamed = { resource: { aws_s3_bucket: { new: bucket } } } as unknown as StackJson;
  const recorded = recordedHolders(
    'exports[`dev-storage keeps x 1`] = `\n[\n  "aws_s3_bucket.old shop-raw",\n  "aws_sqs_queue.x q",\n]\n`;\n',
    "dev-storage",
  );

  test("fails with the helper that keeps the resource", () => {
    expect(lostOf(recorded, renamed)).toEqual([
      'aws_s3_bucket.old would be destroyed: it is aws_s3_bucket.new now, for the id of a construct changed: keep it by moveFromId("aws_s3_bucket.old") on the new resource',
    ]);
  });

  test("passes where a block moves the resource, or AWS knows it by another name", () => {
    const moved = [{ from: "aws_s3_bucket.old", to: "aws_s3_bucket.new" }];
    expect(lostOf(recorded, { ...renamed, moved })).toEqual([]);
    const another = { resource: { aws_s3_bucket: { new: { bucket: "shop-other" } } } };
    expect(lostOf(recorded, another as unknown as StackJson)).toEqual([]);
  });

  test("is looked for among all that is recorded", () => {
    const read = STACKS.map((name) => recordedHolders(snapshots, name).length);
    expect(read.reduce((sum, each) => sum + each)).toBe(snapshots.match(/^ +"aws_/gm)?.length);
  });
});
