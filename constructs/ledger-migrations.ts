import { LambdaInvocation } from "@cdktf/provider-aws/lib/lambda-invocation";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { BundledFunction } from "./functions/bundled-function";

export interface LedgerMigrationsProps {
  readonly migrator: BundledFunction<"ledger-migrator">;
  /** Dependencies of the logins and the schema, by name: a changed value migrates again. */
  readonly triggers: Readonly<Record<string, string>>;
  /** Network rules that must exist before the server can be reached. */
  readonly dependsOn: readonly ITerraformDependable[];
}

/** Migrates at a deploy whose migrator or triggers are others than at the one before. */
export class LedgerMigrations extends Construct {
  readonly invocation: LambdaInvocation;

  constructor(scope: Construct, id: string, props: LedgerMigrationsProps) {
    super(scope, id);
    this.invocation = new LambdaInvocation(this, "invocation", {
      functionName: props.migrator.function.functionName,
      input: "{}",
      // its archive holds the files of the migrations, its code the logins
      triggers: { ...props.triggers, code: props.migrator.function.sourceCodeHash },
      dependsOn: [...props.dependsOn],
    });
  }
}
