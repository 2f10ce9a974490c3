import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Construct } from "constructs";
import { type PolicyStatement, policyDocument, servicePrincipalTrust } from "./policy";

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

/** Role of one function, job or service, with one inline policy: nothing else can attach to it. */
export class ServiceRole extends Construct {
  readonly role: IamRole;
  /** Policy to wait for: a service that uses the role before its policy exists is refused. */
  readonly policy: IamRolePolicy;

  constructor(scope: Construct, id: string, props: ServiceRoleProps) {
    super(scope, id);
    this.role = new IamRole(this, "role", {
      name: props.roleName,
      description: props.description,
      assumeRolePolicy: props.trust ?? servicePrincipalTrust(props.service, props.account),
    });
    this.policy = new IamRolePolicy(this, "policy", {
      name: "permissions",
      role: this.role.name,
      policy: policyDocument(props.statements),
    });
  }
}
