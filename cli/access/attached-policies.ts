import { type AttachedPolicy, type IAMClient, paginateListAttachedRolePolicies } from "@aws-sdk/client-iam";

/** Lists the managed policies of a role. */
export async function attachedPolicies(client: IAMClient, RoleName: string): Promise<AttachedPolicy[]> {
  const attached: AttachedPolicy[] = [];
  for await (const page of paginateListAttachedRolePolicies({ client }, { RoleName })) {
    attached.push(...(page.AttachedPolicies ?? []));
  }
  return attached;
}
