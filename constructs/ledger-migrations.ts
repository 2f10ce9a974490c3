import { createHash } from "node:crypto";
import { join } from "node:path";
import { LambdaInvocation } from "@cdktf/provider-aws/lib/lambda-invocation";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { readMigrations } from "../runtime/ledger/migrations/read-migrations";
import { ROOT } from "./code/paths";
import type { BundledFunction } from "./functions/bundled-function";

export interface LedgerMigrationsProps {
  readonly migrator: BundledFunction<"ledger-migrator">;
  /** Dependencies of the logins and the schema, by name: a changed value migrates again. */
  readonly triggers: Readonly<Record<string, string>>;
  /** Network rules that must exist before the server can be reached. */
  readonly dependsOn: readonly ITerraformDependable[];
}

const FILES = join(ROOT, "runtime", "ledger", "migrations", "sql");

/** Migrates at a deploy whose files, code or triggers are others than at the one before. */
export class LedgerMigrations extends Construct {
  readonly invocation: LambdaInvocation;

  constructor(scope: Construct, id: string, props: LedgerMigrationsProps) {
    super(scope, id);
    this.invocation = new LambdaInvocation(this, "invocation", {
      functionName: props.migrator.function.functionName,
      input: "{}",
      // the logins are in the function's code
      triggers: { ...props.triggers, files: filesHash(), code: props.migrator.function.sourceCodeHash },
      dependsOn: [...props.dependsOn],
    });
  }
}

/** @throws MigrationFilesError for a misnamed file or a gap, at synthesis and not first in the function */
function filesHash(): string {
  const hashes = readMigrations(FILES).map(({ file, sha256 }) => `${file} ${sha256}\n`);
  return createHash("sha256").update(hashes.join("")).digest("hex");
}
