import { appendFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "@jest/globals";
import { differingFiles, fileDigests } from "../../../cli/plan/binding";
import { Checkout } from "../../support/checkout";

describe("what is synthesized", () => {
  const checkouts = [new Checkout(), new Checkout()] as const;
  afterAll(() => {
    for (const each of checkouts) each.remove();
  });

  async function digests(checkout: Checkout): Promise<Record<string, string>> {
    const { code } = await checkout.run("npm run --silent synth -- --environment prod");
    expect(code).toBe(0);
    return fileDigests(checkout.path("cdktf.out"));
  }

  test("is the same to the byte in two folders, archives included, and another handler is another archive", async () => {
    const [one, other] = checkouts;
    const first = await digests(one);
    expect(Object.keys(first).filter((name) => name.endsWith(".zip")).length).toBeGreaterThan(5);
    expect(differingFiles(first, await digests(other))).toEqual([]);
    appendFileSync(other.path("handlers", "uploads-trigger.ts"), "\nprocess.title = 'other';\n");
    const differing = differingFiles(first, await digests(other));
    // the archive moves, for its folder is named by its content
    expect(differing.map((name) => name.replace(/[0-9A-F]{32}/, "*"))).toEqual([
      expect.stringMatching(/uploads-trigger.*\.zip$/),
      expect.stringMatching(/uploads-trigger.*\.zip$/),
      "stacks/prod-compute/cdk.tf.json",
    ]);
  });
});
