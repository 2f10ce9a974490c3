import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import type { IAspect } from "cdktf";
import type { IConstruct } from "constructs";

/**
 * Gives each role and policy of a stack the environment's path, and each role its permissions boundary: a role that
 * was made without would be refused to whoever may deploy within the boundary alone.
 */
export class RoleSettings implements IAspect {
  constructor(
    private readonly path: string,
    private readonly permissionsBoundary: string | undefined,
  ) {}

  visit(node: IConstruct): void {
    if (node instanceof IamRole && this.permissionsBoundary)
      node.permissionsBoundary = this.permissionsBoundary;
    // IAM's own path is the slash, which the provider takes for granted
    if (this.path !== "/" && (node instanceof IamRole || node instanceof IamPolicy)) node.path = this.path;
  }
}
