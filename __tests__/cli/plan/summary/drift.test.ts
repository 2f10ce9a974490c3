import { describe, expect, test } from "@jest/globals";
import type { ResourceChange } from "../../../../cli/plan/plan-json";
import { withDriftAlone } from "../../../../cli/plan/summary/drift";
import { driftOf } from "../../../../cli/plan/summary/summary";
import { change, planOf, resource } from "./plans";

/** Rows about what a refresh found of resources with such settings. */
function rowsOf(drifted: ResourceChange, settings: object): string[][] {
  const configuration = { resource: { [drifted.type]: { [drifted.name]: settings } } };
  const stack = { name: "dev-storage", folder: "", configuration };
  const told = driftOf([withDriftAlone(planOf([], {}, { resource_drift: [drifted] }), stack)]);
  return told.rows.map((row) => row.slice(1));
}

describe("drift", () => {
  const queue = (before: object, after: object | null) =>
    resource("aws_sqs_queue.inputs", change({ ...before }, after === null ? null : { ...after }));
  const settings = { name: "inputs", message_retention_seconds: 60, tags: { owner: "lake" } };

  test("is what the code sets, and somebody changed", () => {
    const drifted = queue({ message_retention_seconds: 60 }, { message_retention_seconds: 1 });
    expect(rowsOf(drifted, settings)).toEqual([
      ["`aws_sqs_queue.inputs`", "`message_retention_seconds`", "`60`", "`1`"],
    ]);
  });

  test("is what is gone", () => {
    expect(rowsOf(queue({ name: "inputs" }, null), settings)).toEqual([
      ["`aws_sqs_queue.inputs`", "", "there", "gone"],
    ]);
  });

  test.each<[string, object, object]>([
    ["what the code does not set", { policy: "" }, { policy: "{}" }],
    ["another word for nothing", { tags: null }, { tags: {} }],
  ])("is not %s", (_, before, after) => {
    expect(rowsOf(queue(before, after), settings)).toEqual([]);
  });

  test("is not what AWS fills into a block, but what somebody changed in it", () => {
    const table = (before: object, after: object) =>
      resource(
        "aws_glue_catalog_table.clicks",
        change({ storage_descriptor: [before] }, { storage_descriptor: [after] }),
      );
    const declared = { storage_descriptor: { location: "s3://lake" } };
    const before = { location: "s3://lake", parameters: null, number_of_buckets: 0 };
    const filled = { ...before, parameters: {}, number_of_buckets: -1 };
    expect(rowsOf(table(before, filled), declared)).toEqual([]);
    expect(rowsOf(table(before, { ...filled, location: "s3://other" }), declared)).toEqual([
      ["`aws_glue_catalog_table.clicks`", "`storage_descriptor.location`", "`s3://lake`", "`s3://other`"],
    ]);
  });

  test("is a tag that somebody added", () => {
    const drifted = queue({ tags: { owner: "lake" } }, { tags: { owner: "lake", more: "x" } });
    expect(rowsOf(drifted, settings)).toEqual([
      ["`aws_sqs_queue.inputs`", "`tags.more`", "`(unset)`", "`x`"],
    ]);
  });

  test("is not what runs change where the code lets them: columns that the control plane adds to a table", () => {
    const of = (description: string, ...columns: string[]) => ({
      description,
      storage_descriptor: [{ location: "s3://lake", columns: columns.map((name) => ({ name })) }],
    });
    const table = (after: object) =>
      resource("aws_glue_catalog_table.clicks", change(of("clicks", "a"), { ...after }));
    // as the stacks have it: storage/stack.test.ts
    const lifecycle = { ignore_changes: ["storage_descriptor[0].columns"] };
    const declared = {
      description: "clicks",
      storage_descriptor: { location: "s3://lake", columns: [{ name: "a" }] },
      lifecycle,
    };
    expect(rowsOf(table(of("clicks", "a", "b")), declared)).toEqual([]);
    expect(rowsOf(table(of("other", "a", "b")), declared)).toEqual([
      ["`aws_glue_catalog_table.clicks`", "`description`", "`clicks`", "`other`"],
    ]);
    expect(rowsOf(table(of("clicks", "a", "b")), { ...declared, lifecycle: {} })).toHaveLength(1);
  });
});
