import { describe, expect, test } from "@jest/globals";
import type { ResourceChange } from "../../../../cli/plan/plan-json";
import { change, planOf, resource, rowsOf, textOf } from "./plans";

const HEADING = "Settings of environments/dev.ts that changed";

/** What a summary says that settings led to, of plans that change them and resources. */
function ledTo(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  resources: readonly ResourceChange[] = [],
): string[][] {
  const settings = resource("terraform_data.settings", change({ input: before }, { input: after }));
  return rowsOf(textOf(planOf(resources), planOf([settings], { stack: "dev-observability" })), HEADING);
}

const job = resource(
  "aws_glue_job.manifests_job",
  change(
    { number_of_workers: 3, timeout: 60, description: "x" },
    { number_of_workers: 5, timeout: 120, description: "x" },
  ),
);

describe("settings that changed", () => {
  test("are told with the attributes that have their values, by a common word where values are common", () => {
    const values = { "manifests.workers.number": "3", "ledger.batchSize": "3", region: "us-east-1" };
    expect(
      ledTo(values, { ...values, "manifests.workers.number": "5", "ledger.batchSize": "5" }, [job]),
    ).toEqual([
      ["`manifests.workers.number`", "`3`", "`5`", "`aws_glue_job.manifests_job: number_of_workers`"],
      ["`ledger.batchSize`", "`3`", "`5`", "nothing that its values tell"],
    ]);
  });

  test.each([
    ["timeoutMinutes", "10", "20", { timeout: 600 }, { timeout: 1200 }, "timeout"],
    [
      "rateMinutes",
      "30",
      "15",
      { rate_expression: "rate(30 minutes)" },
      { rate_expression: "rate(15 minutes)" },
      "rate_expression",
    ],
    ["maximumMegabytes", "250", "500", { size: 262_144_000 }, { size: 524_288_000 }, "size"],
    ["tags.owner", "(unset)", "data-team", { tags: {} }, { tags: { owner: "data-team" } }, "tags.owner"],
  ])("are found in another unit and in a text: %s", (path, before, after, one, other, attribute) => {
    const old = before === "(unset)" ? {} : { [path]: before };
    const rows = ledTo(old, { [path]: after }, [resource("aws_x.y", change(one, other))]);
    expect(rows).toEqual([[`\`${path}\``, `\`${before}\``, `\`${after}\``, `\`aws_x.y: ${attribute}\``]]);
  });

  test("that are lists are told by their elements", () => {
    const topic = resource("aws_sns_topic_subscription.two", change(null, { endpoint: "c@d.org" }));
    expect(ledTo({ emails: '["a@b.org"]' }, { emails: '["a@b.org","c@d.org"]' }, [topic])).toEqual([
      ["`emails[]`", "`(unset)`", "`c@d.org`", "`aws_sns_topic_subscription.two: endpoint`"],
    ]);
  });

  test("that switch something on or off are told with what comes or goes under their name", () => {
    const rows = ledTo(
      { "storage.cloudtrailDataEvents": "false", pipelines: '["uploads","manifests"]' },
      { "storage.cloudtrailDataEvents": "true", pipelines: '["uploads"]' },
      [
        resource("aws_cloudtrail.data-events", change(null, {})),
        resource("aws_sqs_queue.manifests_queue", change({}, null)),
        resource("aws_sqs_queue.uploads_queue", change(null, {})),
      ],
    );
    expect(rows.map(([, , , found]) => found)).toEqual([
      "`aws_cloudtrail.data-events`",
      "`aws_sqs_queue.manifests_queue`",
    ]);
  });

  test("name five attributes and count the others", () => {
    const resources = [1, 2, 3, 4, 5, 6, 7].map((each) =>
      resource(`aws_x.y${each}`, change({ retention_in_days: 30 }, { retention_in_days: 90 })),
    );
    const [row] = ledTo({ "logs.retentionDays": "30" }, { "logs.retentionDays": "90" }, resources);
    expect(row?.[3]).toMatch(/^(`aws_x\.y\d: retention_in_days`<br>){5}and 2 more$/);
  });

  test("of a release that told none, and settings as they were, are left out", () => {
    const first = resource("terraform_data.settings", change(null, { input: { region: "us-east-1" } }));
    expect(textOf(planOf([first]))).not.toContain(HEADING);
    expect(ledTo({ region: "us-east-1" }, { region: "us-east-1" })).toEqual([]);
  });
});
