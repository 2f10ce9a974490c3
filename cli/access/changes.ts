import {
  AddClientIDToOpenIDConnectProviderCommand,
  AttachRolePolicyCommand,
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  DeletePolicyVersionCommand,
  DetachRolePolicyCommand,
  GetOpenIDConnectProviderCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  type IAMClient,
  ListPolicyVersionsCommand,
  NoSuchEntityException,
  PutRolePermissionsBoundaryCommand,
  type Role,
  type Tag,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { accessName, type Environment, oidcProviderArn } from "../../environments/schema";
import type { AccessPolicy, AccessRole } from "./access";
import { attachedPolicies } from "./attached-policies";
import { policyText } from "./statement";
import { AUDIENCE } from "./trust";

/** Step that brings the account nearer to what is wanted. */
export interface Change {
  /** What it is about, as in `role lake-dev.plan`. */
  readonly what: string;
  /** What becomes of that, as in `created`. */
  readonly done: string;
  readonly make: () => Promise<unknown>;
}

/** Maximum number of versions that IAM keeps of a policy. */
const VERSIONS = 5;

/** Finds what the provider of CI's tokens lacks; one that others made is used as it is. */
export async function providerChanges(
  iam: IAMClient,
  environment: Environment,
  issuer: string,
): Promise<Change[]> {
  const OpenIDConnectProviderArn = oidcProviderArn(environment, issuer);
  const provider = await found(iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn })));
  if (provider === undefined) {
    const created = {
      Url: `https://${issuer}`,
      ClientIDList: [AUDIENCE],
      Tags: [{ Key: "managed-by", Value: "bootstrap" }],
    };
    return [
      {
        what: `OpenID Connect provider ${issuer}`,
        done: "created",
        make: () => iam.send(new CreateOpenIDConnectProviderCommand(created)),
      },
    ];
  }
  if (provider.ClientIDList?.includes(AUDIENCE)) return [];
  const admitted = { OpenIDConnectProviderArn, ClientID: AUDIENCE };
  return [
    {
      what: `audience ${AUDIENCE} of OpenID Connect provider ${issuer}`,
      done: "admitted",
      make: () => iam.send(new AddClientIDToOpenIDConnectProviderCommand(admitted)),
    },
  ];
}

/** Finds what to do so that a policy is there and says what it is to say. */
export async function policyChanges(
  iam: IAMClient,
  environment: Environment,
  policy: AccessPolicy,
): Promise<Change[]> {
  const { arn: PolicyArn, name } = policy;
  const PolicyDocument = policyText(policy.statements);
  const there = (await found(iam.send(new GetPolicyCommand({ PolicyArn }))))?.Policy;
  if (there === undefined) {
    const created = {
      PolicyName: name,
      Path: policy.path,
      Description: policy.description,
      PolicyDocument,
      Tags: tagsOf(environment),
    };
    return [
      { what: `policy ${name}`, done: "created", make: () => iam.send(new CreatePolicyCommand(created)) },
    ];
  }
  const VersionId = there.DefaultVersionId;
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
  if (isSame(PolicyVersion?.Document, PolicyDocument)) return [];
  return [
    { what: `policy ${name}`, done: "changed", make: () => addVersion(iam, PolicyArn, PolicyDocument) },
  ];
}

/** Adds a version to a policy, in place of the oldest where there is room for no further one. */
async function addVersion(iam: IAMClient, PolicyArn: string, PolicyDocument: string): Promise<void> {
  const { Versions = [] } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn }));
  const oldest = Versions.filter((version) => !version.IsDefaultVersion).sort(
    (one, other) => Number(one.CreateDate) - Number(other.CreateDate),
  )[0];
  if (Versions.length >= VERSIONS && oldest !== undefined) {
    await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: oldest.VersionId }));
  }
  await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault: true }));
}

/** Finds what to do so that a role is there, trusts whom it is to trust, and may do what it is to do. */
export async function roleChanges(
  iam: IAMClient,
  environment: Environment,
  role: AccessRole,
): Promise<Change[]> {
  const { name: RoleName } = role;
  const there = (await found(iam.send(new GetRoleCommand({ RoleName }))))?.Role;
  if (there === undefined) {
    return [{ what: `role ${RoleName}`, done: "created", make: () => create(iam, environment, role) }];
  }
  return [...attributeChanges(iam, role, there), ...(await attachmentChanges(iam, environment, role))];
}

async function create(iam: IAMClient, environment: Environment, role: AccessRole): Promise<void> {
  const { name: RoleName } = role;
  await iam.send(
    new CreateRoleCommand({
      RoleName,
      Path: role.path,
      Description: role.description,
      AssumeRolePolicyDocument: role.trust,
      PermissionsBoundary: role.boundary,
      Tags: tagsOf(environment),
    }),
  );
  for (const PolicyArn of role.policies) await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
}

function attributeChanges(iam: IAMClient, role: AccessRole, there: Role): Change[] {
  const { name: RoleName, trust: PolicyDocument, boundary: PermissionsBoundary } = role;
  const changes: Change[] = [];
  if (!isSame(there.AssumeRolePolicyDocument, PolicyDocument)) {
    changes.push({
      what: `trust of role ${RoleName}`,
      done: "changed",
      make: () => iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument })),
    });
  }
  if (PermissionsBoundary && there.PermissionsBoundary?.PermissionsBoundaryArn !== PermissionsBoundary) {
    changes.push({
      what: `boundary of role ${RoleName}`,
      done: "set",
      make: () => iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary })),
    });
  }
  return changes;
}

/** Finds the policies to attach, and those of ours to detach; what somebody else attached is theirs. */
async function attachmentChanges(
  iam: IAMClient,
  environment: Environment,
  { name: RoleName, policies }: AccessRole,
): Promise<Change[]> {
  const attached = await attachedPolicies(iam, RoleName);
  const missing = policies.filter((wanted) => !attached.some(({ PolicyArn }) => PolicyArn === wanted));
  const superfluous = attached.filter(
    ({ PolicyName = "", PolicyArn = "" }) =>
      PolicyName.startsWith(accessName(environment, "")) && !policies.includes(PolicyArn),
  );
  return [
    ...missing.map((PolicyArn) => ({
      what: `policy ${PolicyArn.split("/").at(-1)} of role ${RoleName}`,
      done: "attached",
      make: () => iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn })),
    })),
    ...superfluous.map(({ PolicyArn, PolicyName }) => ({
      what: `policy ${PolicyName} of role ${RoleName}`,
      done: "detached",
      make: () => iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })),
    })),
  ];
}

/** Resolves to undefined where IAM has nothing of that name. */
export async function found<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NoSuchEntityException) return undefined;
    throw error;
  }
}

function tagsOf({ project, name, tags }: Environment): Tag[] {
  const all = { ...tags, project, environment: name, "managed-by": "bootstrap" };
  return Object.entries(all).map(([Key, Value]) => ({ Key, Value }));
}

/** Returns whether two documents say the same; IAM encodes them, and may write a list of one as its element. */
function isSame(encoded: string | undefined, document: string): boolean {
  return canonical(JSON.parse(decodeURIComponent(encoded ?? "null"))) === canonical(JSON.parse(document));
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    return value.length === 1 ? canonical(value[0]) : `[${value.map(canonical).sort().join()}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${members.sort().join()}}`;
}
