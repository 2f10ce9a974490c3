import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { DataResource, Testing } from "cdktf";
import { outcomeOf } from "../../../cli/plan/summary/outcome";
import { rowsOf, textOf } from "./summary/plans";
import { STORAGE, TinyStacks } from "./tiny-stacks";

const tiny = new TinyStacks();
afterAll(() => tiny.remove());

/** What cdktf writes of a resource with that id. */
function stackOf(id: string, movedFrom?: string) {
  const { resource, moved } = JSON.parse(
    Testing.synthScope((stack) => {
      const kept = new DataResource(stack, id, { input: { bucket: "raw" } });
      if (movedFrom !== undefined) kept.moveFromId(movedFrom);
    }),
  );
  return { resource, ...(moved === undefined ? {} : { moved }) };
}

const planned = async () => {
  const plan = (await tiny.plan([STORAGE])).get(STORAGE);
  if (plan === undefined) throw new Error(`${STORAGE} was not planned`);
  return plan;
};

test("a resource whose construct's id changed keeps what it has by the helper, and would not without", async () => {
  tiny.write(stackOf("old"), {});
  await planned();
  await tiny.apply(STORAGE);
  const id = () => {
    const { resources } = JSON.parse(readFileSync(join(tiny.folder, `${STORAGE}.tfstate`), "utf8"));
    return resources.map((each: { name: string; instances: [{ attributes: { id: string } }] }) => [
      each.name,
      each.instances[0].attributes.id,
    ]);
  };
  const [[, kept]] = id();

  tiny.write(stackOf("new"), {});
  expect(outcomeOf(await planned())).toBe("1 created, 1 destroyed");

  tiny.write(stackOf("new", "terraform_data.old"), {});
  const moving = await planned();
  expect(outcomeOf(moving)).toBe("1 moved");
  expect(rowsOf(textOf(moving), "Moved and imported")).toEqual([
    [`\`${STORAGE}\``, "`terraform_data.new`", "moved from `terraform_data.old`"],
  ]);
  await tiny.apply(STORAGE);
  expect(id()).toEqual([["new", kept]]);

  // once it is moved, the block has nothing left to do, and may go
  tiny.write(stackOf("new"), {});
  expect(outcomeOf(await planned())).toBe("no changes");
});
