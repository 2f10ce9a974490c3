import { accessPolicies } from "../../cli/access/access";
import { applyRoleName, guardName, planRoleName } from "../../environments/schema";
import type { Exception, Finding } from "../checks/reviewed";
import { environment, type TestPlatform } from "../support/local-platform";
import { decisions } from "./role-statements";

const UNUSED_ACTION = "unused-action";

/** Actions of the workflows' roles that no plan, deploy, smoke test or end here asks for, each with the reason why it stays. */
export const UNUSED_ACTIONS: readonly Exception[] = [
  // what the local environment has not, for the emulator has none of it, or nobody wants it here
  unused(
    /(EncryptDatabase|GrantKeys|KeepDatabase|MakeDatabaseSecret|MakeRoleOfRds|ReadDatabase) \S+/,
    "a managed server",
  ),
  unused(/(FindTrails|KeepTrail|ReadTrail) \S+/, "a trail of data events"),
  unused(/(DeliverFlowLogs \S+|\w+ ec2:\w+FlowLogs)/, "flow logs"),
  unused(/(NameEndpoints \S+|\w+ ec2:ModifyVpcEndpoint)/, "interface endpoints"),
  unused(
    /\w+ ec2:((Create|Attach|Detach|Delete|Describe)(InternetGateways?|NatGateways?)|\w*Address(es\w*)?|(Create|Delete|Replace)Route)/,
    "a NAT gateway, with its address and its routes",
  ),
  unused(/(KeepTopic sns:Subscribe|(Keep|Read)Subscriptions \S+)/, "somebody who is told of alerts"),
  unused(/KeepFunctions lambda:(Delete|Put)FunctionConcurrency/, "reserved concurrency"),
  unused(
    /(KeepPolicies|ReadPolicies) \S+|MakeRolesWithinBoundary iam:(Attach|Detach)RolePolicy/,
    "roles that outgrow their inline policy, as those of hundreds of datasets: many-datasets.slow.test.ts",
  ),
  // what the emulator asks nobody for
  unused(/(DecryptCode|EncryptCode) \S+/, "S3 asks KMS; the emulator's keep no key from anybody"),
  unused(
    /PassRoles iam:PassRole|KeepConnections glue:PassConnection/,
    "a service asks for it that is given a role or a connection",
  ),
  unused(
    /KeepLogGroups logs:AssociateKmsKey|GiveNewKeysPolicy kms:PutKeyPolicy/,
    "a part of the creation that it belongs to",
  ),
  unused(
    /MakeKeys kms:TagResource|Tag(WhatIsMade|Rules) ec2:CreateTags/,
    "a creation with tags asks for it, too",
  ),
  unused(
    /KeepResults \S+|FindResults s3:GetBucketLocation/,
    "Athena reads and writes in the name of who asks",
  ),
  unused(
    /MakeNetwork ec2:(Delete|Detach)NetworkInterface/,
    "interfaces that a function or a job left behind",
  ),
  unused(
    /ReadFunctions lambda:ListTags/,
    "the provider has them from GetFunction, and asks for them where that tells none",
  ),
  // what is done to what is there, when settings or code change, beyond the change that workflow-roles.ts makes
  unused(/\w+ [a-z0-9]+:((Tag|Untag)\w*|(Add|Remove|Delete)Tags|CreateTags)/, "other tags"),
  unused(
    /\w+ [a-z0-9]+:(Update|Modify|Replace)\w+/,
    "other settings, of which a deploy makes these calls instead of new resources",
  ),
  unused(
    /KeepQueues sqs:SetQueueAttributes|MakeRolesWithinBoundary iam:PutRolePermissionsBoundary/,
    "other settings",
  ),
  unused(
    /KeepLogGroups logs:(DeleteRetentionPolicy|DisassociateKmsKey)|KeepOwnKeys kms:\w+/,
    "settings that are taken back",
  ),
  unused(
    /KeepPlans s3:PutObject|ReadKeptPlans s3:GetObject/,
    "plans that one workflow keeps for another: __tests__/workflows/steps.emulator.test.ts",
  ),
  unused(/KeepTriggers glue:(Start|Stop)Trigger/, "a schedule that is switched on or off"),
  unused(
    /KeepCode s3:PutObjectTagging/,
    "the mark of code that no job names any more: stored-code.emulator.test.ts",
  ),
  unused(/(EmptyBuckets|KeepCode) s3:DeleteObject/, "an object without a version"),
  unused(
    /RemoveSmokeObjects s3:DeleteObjectVersion/,
    "EmptyBuckets has it, too, where storage.forceDestroy is on",
  ),
  unused(
    /UseSmokeUploads dynamodb:ConditionCheckItem/,
    "a smoke test's file that no run took in time is taken back",
  ),
];

function unused(where: RegExp, reason: string): Exception {
  return { rule: UNUSED_ACTION, where, reason };
}

/**
 * Finding for each action that a statement of the workflows' roles allows and that nothing was allowed by it so far. What was
 * allowed was asked for, and is refused without it.
 */
export function unusedActions(platform: TestPlatform): Finding[] {
  const workflows = new Set([planRoleName(environment), applyRoleName(environment)]);
  const used = new Set(
    decisions(platform)
      .filter(({ role }) => workflows.has(role))
      .map(({ sid, action }) => `${sid} ${action}`),
  );
  return accessPolicies(environment)
    .filter(({ name }) => name !== guardName(environment))
    .flatMap(({ statements }) => statements)
    .filter(({ Effect }) => Effect === "Allow")
    .flatMap(({ Sid, Action = [] }) => Action.map((action) => `${Sid} ${action}`))
    .filter((each) => !used.has(each))
    .map((where) => ({ rule: UNUSED_ACTION, where }));
}
