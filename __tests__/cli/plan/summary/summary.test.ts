import { describe, expect, test } from "@jest/globals";
import { render } from "../../../../cli/plan/summary/markdown";
import { summaryOf } from "../../../../cli/plan/summary/summary";
import { largePlan } from "./large-plan";
import { change, HEADING, planOf, replacement, resource, rowsOf, textOf } from "./plans";

const unchanged = resource("aws_s3_bucket.x", change({}, {}, { actions: ["no-op"] }));

describe("a summary", () => {
  test("is a line where nothing changes", () => {
    expect(textOf(planOf([unchanged]), planOf([], { stack: "dev-compute" }))).toBe(
      "## Plan of dev: no changes\n",
    );
  });

  test("says what comes of each stack, also of one that fails or waits", () => {
    const text = textOf(
      planOf([
        resource("aws_sqs_queue.a", change(null, {})),
        resource("aws_sqs_queue.b", change({ a: 1 }, { a: 2 })),
      ]),
      { ...planOf([], { stack: "dev-ledger" }), json: undefined as never },
      planOf([], {
        stack: "dev-compute",
        waitsFor: [{ stack: "dev-ledger", isDeployed: true, outputs: ["url"] }],
      }),
      planOf(
        [],
        {
          stack: "dev-network",
          diagnostics: [{ severity: "error", summary: "no bucket", detail: "of states" }],
        },
        {},
      ),
    );
    expect(text.split("\n").slice(0, 8)).toEqual([
      "## Plan of dev",
      "",
      "| Stack | Plan |",
      "| --- | --- |",
      "| `dev-storage` | 1 created, 1 changed |",
      "| `dev-ledger` | fails: no plan |",
      "| `dev-compute` | cannot be planned until these are applied: dev-ledger (lacks url) |",
      "| `dev-network` | **`refused by Terraform (no bucket): no changes`** |",
    ]);
    expect(rowsOf(text, "What Terraform complains of")).toEqual([
      ["`dev-network`", "**error**", "`no bucket`<br>`of states`"],
    ]);
  });

  test("has the risks first, and what it costs last", () => {
    const { heading: _, ...large } = largePlan();
    const headings = [
      ...render(summaryOf(large.plans, HEADING)).matchAll(/^(?:### |<details><summary>)([^:<\n]*)/gm),
    ];
    expect(headings.map(([, heading]) => heading)).toEqual([
      "Policy",
      "Data would be lost",
      "Permissions",
      "Network openings",
      "Encryption, retention and guards weakened",
      "Replaced",
      "Destroyed",
      "Changed",
      "Settings of environments/dev.ts that changed since the last apply, and what changed as they did",
      "Outputs that change",
      "Drift",
      "Permissions that come with what is added",
      "Added",
      "Monthly cost",
    ]);
  });

  test("names the attribute that forces a replacement, and what is added by its kind", () => {
    const text = textOf(
      planOf([
        resource(
          "aws_glue_job.a",
          replacement({ name: "a", tags: { x: "1" } }, { name: "b", tags: { x: "2" } }, "name"),
        ),
        resource("aws_lambda_function.one", change(null, {})),
        resource("aws_lambda_function.two", change(null, {})),
        resource("aws_glue_trigger.b", change({}, null), {
          action_reason: "delete_because_no_resource_config",
        }),
      ]),
    );
    expect(rowsOf(text, "Replaced")).toEqual([["`dev-storage`", "`aws_glue_job.a`", "`name`: `a` → `b`"]]);
    expect(rowsOf(text, "Added")).toEqual([["`dev-storage`", "`aws_lambda_function`", "2", "`one`, `two`"]]);
    expect(rowsOf(text, "Destroyed")).toEqual([
      ["`dev-storage`", "`aws_glue_trigger.b`", "destroyed", "it is no longer in the code"],
    ]);
  });

  test("tells resources of a kind that change alike together", () => {
    const of = (memory: number) => change({ memory, a: 1 }, { memory: 512, a: 2 });
    const text = textOf(
      planOf([
        resource("aws_lambda_function.one", of(128)),
        resource("aws_lambda_function.two", of(256)),
        resource('aws_lambda_function.three["x"]', of(128)),
      ]),
    );
    expect(rowsOf(text, "Changed")).toEqual([
      ["`dev-storage`", '`aws_lambda_function.one`, `three["x"]`', "`memory`", "`128`", "`512`"],
      ["", "", "`a`", "`1`", "`2`"],
      ["`dev-storage`", "`aws_lambda_function.two`", "`memory`", "`256`", "`512`"],
      ["", "", "`a`", "`1`", "`2`"],
    ]);
  });

  test("keeps drift apart, also where nothing is planned", () => {
    const text = textOf(
      planOf(
        [unchanged],
        {},
        {
          resource_drift: [
            resource("aws_sqs_queue.a", change({ a: "1" }, { a: "2" })),
            resource("aws_sqs_queue.b", change({}, null)),
          ],
        },
      ),
    );
    expect(rowsOf(text, "Drift")).toEqual([
      ["`dev-storage`", "`aws_sqs_queue.b`", "", "there", "gone"],
      ["`dev-storage`", "`aws_sqs_queue.a`", "`a`", "`1`", "`2`"],
    ]);
    expect(text).toContain("| `dev-storage` | no changes |");
  });

  test("tells moves and imports", () => {
    const text = textOf(
      planOf([
        { ...unchanged, previous_address: "aws_s3_bucket.old" },
        resource("aws_kms_key.x", change({}, {}, { actions: ["no-op"], importing: { id: "1-2" } })),
      ]),
    );
    expect(rowsOf(text, "Moved")).toEqual([
      ["`dev-storage`", "`aws_s3_bucket.x`", "moved from `aws_s3_bucket.old`"],
      ["`dev-storage`", "`aws_kms_key.x`", "imported as `1-2`"],
    ]);
  });

  test("says that it was planned from what is in no commit", () => {
    const uncommitted = ["a", "b", "c", "d", "e", "f"];
    expect(render(summaryOf([planOf([])], { ...HEADING, uncommitted }))).toContain(
      "**Planned from files that are in no commit**: `a`, `b`, `c`, `d`, `e` and 1 more.",
    );
  });

  test("of 300 resources fits into a comment of GitHub", () => {
    const { plans, heading } = largePlan();
    const whole = render(summaryOf(plans, heading));
    expect(plans.flatMap(({ json }) => json?.resource_changes ?? [])).toHaveLength(300);
    expect(whole.length).toBeLessThan(65_536);
    expect(render(summaryOf(plans, heading), 65_536)).toBe(whole);
  });
});
