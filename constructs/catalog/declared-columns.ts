import { LambdaInvocation } from "@cdktf/provider-aws/lib/lambda-invocation";
import { Construct } from "constructs";
import type { OutputColumn } from "../../datasets/schema/datasets";
import type { BundledFunction } from "../functions/bundled-function";

export interface DeclaredColumnsProps {
  /** Function that adds them. */
  readonly adder: BundledFunction<"declared-columns">;
  readonly dataset: string;
  /** Columns that its table has from the beginning. */
  readonly columns: readonly OutputColumn[];
}

/**
 * Adds newly declared columns to the dataset's table, at the deploy that brings them: Terraform leaves the
 * columns of an existing table alone.
 */
export class DeclaredColumns extends Construct {
  constructor(scope: Construct, id: string, { adder, dataset, columns }: DeclaredColumnsProps) {
    super(scope, id);
    new LambdaInvocation(this, "invocation", {
      functionName: adder.function.functionName,
      // another declaration is another input, and that another invocation
      input: JSON.stringify({
        dataset,
        columns: columns.map(({ name, type, comment }) => ({ name, type, comment })),
      }),
    });
  }
}
