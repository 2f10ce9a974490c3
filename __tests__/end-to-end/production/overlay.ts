import { once } from "node:events";
import { connect } from "node:net";
import {
  AuthorizeSecurityGroupEgressCommand,
  CreateSecurityGroupCommand,
  CreateVpcCommand,
  DescribePrefixListsCommand,
  DescribeSecurityGroupRulesCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { CreateDBInstanceCommand, DeleteDBInstanceCommand, RDSClient } from "@aws-sdk/client-rds";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { local } from "../../../environments/local";
import { prod } from "../../../environments/prod";
import type { EnvironmentSettings } from "../../../environments/schema";
import type { ClientSettings } from "../../../local/platform/clients";
import type { Exception } from "../../checks/reviewed";

/** Settings in which production on the emulator is another than prod. */
interface Overlay {
  readonly reason: string;
  readonly changed: (settings: EnvironmentSettings) => EnvironmentSettings;
  /** Whether that is still so. */
  readonly isNeeded: (settings: ClientSettings) => Promise<boolean>;
}

/** What the emulator cannot be. */
export const OVERLAY: readonly Overlay[] = [
  {
    reason: "it is an account of its own",
    changed: (settings) => ({ ...settings, account: local.account }),
    isNeeded: async (settings) => {
      const { Account } = await new STSClient(settings).send(new GetCallerIdentityCommand({}));
      return Account !== prod.account;
    },
  },
  {
    reason:
      "its servers of PostgreSQL cannot be reached, so no function migrates them: an existing one without a login is",
    changed: (settings) => ({
      ...settings,
      ledger: {
        ...settings.ledger,
        postgres: { server: "existing", authentication: "none", tls: "disable" },
      },
    }),
    isNeeded: isServerOut,
  },
  {
    reason:
      "it forgets the prefix list of a rule, of which the provider then makes a plan that Terraform refuses",
    changed: (settings) => ({ ...settings, network: { ...settings.network, securityGroupEgress: "cidr" } }),
    isNeeded: isPrefixListForgotten,
  },
];

async function isServerOut(settings: ClientSettings): Promise<boolean> {
  const rds = new RDSClient(settings);
  const DBInstanceIdentifier = "overlay";
  const { DBInstance } = await rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier,
      DBInstanceClass: "db.t4g.micro",
      Engine: "postgres",
      AllocatedStorage: 20,
      MasterUsername: "ledger",
      ManageMasterUserPassword: true,
    }),
  );
  const { Address = "", Port = 0 } = DBInstance?.Endpoint ?? {};
  const socket = connect(Port, Address);
  const isReached = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier, SkipFinalSnapshot: true }));
  return !isReached;
}

async function isPrefixListForgotten(settings: ClientSettings): Promise<boolean> {
  const ec2 = new EC2Client(settings);
  const VpcId = await vpc(ec2);
  const { GroupId = "" } = await ec2.send(
    new CreateSecurityGroupCommand({ GroupName: "overlay", Description: "overlay", VpcId }),
  );
  const { PrefixLists: [{ PrefixListId = "" } = {}] = [] } = await ec2.send(
    new DescribePrefixListsCommand({}),
  );
  const rule = { IpProtocol: "tcp", FromPort: 443, ToPort: 443, PrefixListIds: [{ PrefixListId }] };
  await ec2.send(new AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions: [rule] }));
  const { SecurityGroupRules = [] } = await ec2.send(
    new DescribeSecurityGroupRulesCommand({ Filters: [{ Name: "group-id", Values: [GroupId] }] }),
  );
  return SecurityGroupRules.every((each) => each.PrefixListId === undefined);
}

async function vpc(ec2: EC2Client): Promise<string> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.99.0.0/16" }));
  return Vpc?.VpcId ?? "";
}

/** What it forgets, by which a plan after the apply is not empty: `stack address attributes`. */
export const DRIFT: readonly Exception[] = [
  {
    rule: "update",
    where: /prod-network aws_vpc_endpoint\.endpoint-\S+ private_dns_enabled security_group_ids/,
    reason: "it keeps neither the groups nor the private names of an interface endpoint",
  },
  {
    rule: "delete,create",
    where: /prod-network aws_flow_log\.\S+ .*iam_role_arn .*log_group_name .*/,
    reason: "it keeps of a flow log neither role, group, format nor interval",
  },
];
