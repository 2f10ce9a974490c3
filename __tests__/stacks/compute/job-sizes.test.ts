import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { dev } from "../../../environments/dev";
import { prod } from "../../../environments/prod";
import { parseEnvironment } from "../../../environments/schema/environment";
import { ROOT } from "../../../setup/paths";
import { resource } from "../../support/resources";
import { synthesize } from "../../support/synthesize";

test("a profile decides workers, class and the tasks of a core", () => {
  const environment = parseEnvironment("dev", {
    ...dev,
    uploads: { ...dev.uploads, workers: { profile: "flexible" } },
    ledger: {
      ...dev.ledger,
      batch: { ...dev.ledger?.batch, workers: { profile: "memory-intensive" }, slots: 8 },
    },
  });
  const stack = synthesize([environment]).get("dev-compute");
  const uploads = resource(stack, "aws_glue_job", "uploads-job");
  expect(uploads).toMatchObject({ execution_class: "FLEX", worker_type: "G.1X", number_of_workers: 10 });
  const ledger = resource(stack, "aws_glue_job", "ledger_batch");
  expect(ledger).toMatchObject({ execution_class: "STANDARD", worker_type: "G.4X", number_of_workers: 5 });
  const conf = (job: Readonly<Record<string, unknown>>) =>
    (job["non_overridable_arguments"] as Record<string, string>)["--conf"];
  expect(conf(ledger)).toBe("spark.ui.showConsoleProgress=false --conf spark.task.cpus=2");
  expect(conf(uploads)).toBe("spark.ui.showConsoleProgress=false");
});

test("spare capacity for the streaming job is refused, with the reason", () => {
  const environment = parseEnvironment("dev", {
    ...dev,
    manifests: { ...dev.manifests, workers: { profile: "flexible" } },
  });
  expect(() => synthesize([environment])).toThrow(
    'dev-compute/manifests/stream: executionClass of tributary-dev-manifests-stream: expected STANDARD (a streaming job cannot wait for spare capacity, and Glue gives it none), got "FLEX"',
  );
});

test("a run that may cost too much is refused as docs/jobs.md shows it", () => {
  const page = readFileSync(join(ROOT, "docs", "jobs.md"), "utf8");
  const [, shown = "no example"] = /```text\n(.*?)\n```/s.exec(page) ?? [];
  const uploads = { ...prod.uploads, workers: { ...prod.uploads?.workers, type: "G.2X" } };
  expect(() => synthesize([parseEnvironment("prod", { ...prod, uploads })])).toThrow(shown);
  const meant = { ...uploads, maximumRunDollars: 71 };
  expect(() => synthesize([parseEnvironment("prod", { ...prod, uploads: meant })])).not.toThrow();
});
