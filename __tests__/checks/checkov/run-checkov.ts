import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureChecker } from "../../../setup/checkers";
import { run } from "../../../setup/process";
import type { StackJson } from "../../support/stacks";
import type { Finding } from "../reviewed";

interface Report {
  readonly summary: { readonly passed: number; readonly parsing_errors: number };
  readonly results: {
    readonly failed_checks: readonly {
      readonly check_id: string;
      readonly file_path: string;
      readonly resource: string;
    }[];
  };
}

/**
 * Runs checkov over the stacks, written into `folder`, and returns each failed check with stack and id of the
 * resource, without its hash: `prod-storage raw_bucket`.
 * @throws Error where checkov cannot be run or read, or has read nothing
 */
export async function runCheckov(stacks: ReadonlyMap<string, StackJson>, folder: string): Promise<Finding[]> {
  for (const [name, stack] of stacks) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, "cdk.tf.json"), JSON.stringify(stack));
  }
  const { python } = await ensureChecker("checkov", () => undefined);
  // the framework of files that CDKTF wrote; "terraform" reads none of them, and says that all is well
  const words = ["--framework", "terraform_json", "--skip-download", "--quiet", "--compact"];
  const program = join(dirname(python), "checkov");
  const { stdout, output } = await run([program, "--directory", folder, ...words, "--output", "json"]);
  const report = parse(stdout, output);
  if (report.summary.passed === 0 || report.summary.parsing_errors > 0) {
    throw new Error(`checkov: expected checks of every stack, got ${JSON.stringify(report.summary)}`);
  }
  return report.results.failed_checks.map(({ check_id, file_path, resource }) => ({
    rule: check_id,
    where: `${dirname(file_path).slice(1)} ${resource.replace(/^[^.]+\./, "").replace(/_[0-9A-F]{8}$/, "")}`,
  }));
}

function parse(stdout: string, output: string): Report {
  try {
    return JSON.parse(stdout);
  } catch (error) {
    throw new Error(`checkov: expected a report in JSON, got ${output.slice(-1000)}`, { cause: error });
  }
}
