import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type PolicyStatement, policyDocument, servicePrincipalTrust } from "./policy";
import { policyParts } from "./policy-parts";

export interface ServiceRoleProps {
  readonly roleName: string;
  readonly description: string;
  /** Principal that assumes the role, e.g. `lambda.amazonaws.com`. */
  readonly service: string;
  readonly account: string;
  /** Trust policy. @default - the service's own trust statement with `aws:SourceAccount` */
  readonly trust?: string;
  readonly statements: readonly PolicyStatement[];
}

/**
 * Role of one function, job or service, with one inline policy: nothing else can attach to it. What has no room there
 * follows in managed policies of the role's name.
 */
export class ServiceRole extends Construct {
  readonly role: IamRole;
  /** Policies to wait for: a service that uses the role before they exist is refused. */
  readonly policies: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: ServiceRoleProps) {
    super(scope, id);
    this.role = new IamRole(this, "role", {
      name: props.roleName,
      description: props.description,
      assumeRolePolicy: props.trust ?? servicePrincipalTrust(props.service, props.account),
    });
    const [inline = [], ...further] = policyParts(props.roleName, props.statements);
    this.policies = [
      new IamRolePolicy(this, "policy", {
        name: "permissions",
        role: this.role.name,
        policy: policyDocument(inline),
      }),
      ...further.map((statements, index) => this.attach(`${props.roleName}-${index + 2}`, statements)),
    ];
  }

  private attach(name: string, statements: readonly PolicyStatement[]): IamRolePolicyAttachment {
    const { arn } = new IamPolicy(this, name, {
      name,
      description: `further permissions of the role ${this.role.nameInput}`,
      policy: policyDocument(statements),
    });
    return new IamRolePolicyAttachment(this, `${name}-attachment`, { role: this.role.name, policyArn: arn });
  }
}
