import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { useKey } from "../../constructs/encryption-key";
import type { BundledFunctionProps } from "../../constructs/functions/bundled-function";
import type { FunctionNetwork } from "../../constructs/functions/function-network";
import type { PolicyStatement } from "../../constructs/policy";
import { ADMINISTRATOR, PostgresServer } from "../../constructs/postgres-server";
import { type Environment, ledgerServerName, POSTGRES_VERSION } from "../../environments/schema";
import type { NetworkStack } from "../network/stack";
import type { StorageStack } from "../storage/stack";

export interface LedgerServerProps {
  readonly environment: Environment;
  readonly network: NetworkStack;
  readonly storage: StorageStack;
  /** Key of the server's data and secret. */
  readonly keyArn: string;
}

/** Variables of every function that connects to the ledger. */
export type LedgerAddress = Omit<
  BundledFunctionProps<"ledger-migrator">["variables"],
  "LOGIN_AUTHENTICATION"
>;

/** Logins of jobs and functions, which the migrator creates. */
export type LedgerLogin =
  | "tributary_lister"
  | "tributary_registrar"
  | "tributary_batch"
  | "tributary_operator";

/** Placeholder for an absent value: no argument and no variable is empty. */
const NONE = "none";
const BY_SURROUNDINGS = { host: "libpq", port: "0" } as const;

/**
 * PostgreSQL server of the ledger, managed here or existing elsewhere, with the network rules and permissions
 * of its clients.
 */
export class LedgerServer extends Construct {
  /** Network rules that must exist before a client reaches the server. */
  readonly networkRules: readonly ITerraformDependable[];
  /** Server that is created here. */
  readonly managed: PostgresServer | undefined;
  private readonly environment: Environment;
  private readonly network: NetworkStack;
  private readonly keyArn: string;
  private readonly logKeyArn: string;

  constructor(scope: Construct, id: string, { environment, network, storage, keyArn }: LedgerServerProps) {
    super(scope, id);
    this.environment = environment;
    this.network = network;
    this.keyArn = keyArn;
    this.logKeyArn = storage.operationsKey.arn;
    const { server, cidr } = this.settings;
    this.managed = server === "managed" ? this.server() : undefined;
    this.networkRules = this.managed?.networkRules ?? (cidr === undefined ? [] : [this.admit(cidr)]);
  }

  /** Address of the server for jobs and functions, and their authentication. */
  get address(): LedgerAddress {
    const { authentication } = this.settings;
    return { ...this.place, ...this.shownBy(authentication) };
  }

  /** Address for migrations, which create the logins of the others: they authenticate with the secret. */
  get migrationAddress(): LedgerAddress {
    return { ...this.place, ...this.shownBy(this.settings.authentication === "none" ? "none" : "secret") };
  }

  /** Subnets and security groups of the functions that connect to the server. */
  get functionNetwork(): FunctionNetwork {
    return {
      subnetIds: this.network.privateSubnets.map((subnet) => subnet.id),
      securityGroupIds: [this.network.workloads.id],
    };
  }

  /** Statements that a login needs to connect. */
  connect(login: LedgerLogin): PolicyStatement[] {
    const { authentication } = this.settings;
    if (authentication === "iam") return [this.connectAs(login)];
    return authentication === "secret" ? this.readSecret() : [];
  }

  /**
   * Statements that migrations need to connect: RDS may require a token of a managed server's administrator,
   * too.
   */
  connectToMigrate(): PolicyStatement[] {
    const { authentication } = this.settings;
    if (authentication === "none") return [];
    const byToken = this.managed && authentication === "iam" ? [this.connectAs(ADMINISTRATOR)] : [];
    return [...this.readSecret(), ...byToken];
  }

  private get settings() {
    return this.environment.ledger.postgres;
  }

  private get place() {
    const { host, port, database, tls } = this.settings;
    const named = this.managed?.instance.address ?? host;
    return {
      LEDGER_HOST: named ?? BY_SURROUNDINGS.host,
      LEDGER_PORT: named === undefined ? BY_SURROUNDINGS.port : String(port),
      LEDGER_DATABASE: database,
      LEDGER_TLS: tls,
    };
  }

  private shownBy(authentication: LedgerAddress["LEDGER_AUTHENTICATION"]) {
    return {
      LEDGER_AUTHENTICATION: authentication,
      LEDGER_SECRET_ARN: authentication === "secret" ? this.secretArn : NONE,
    };
  }

  private get secretArn(): string {
    return this.managed?.masterSecretArn ?? this.settings.secretArn ?? NONE;
  }

  private connectAs(login: LedgerLogin | typeof ADMINISTRATOR): PolicyStatement {
    const { account, region } = this.environment;
    const server = this.managed?.instance.resourceId ?? this.settings.resourceId;
    return {
      sid: "ConnectToLedger",
      actions: ["rds-db:connect"],
      resources: [`arn:aws:rds-db:${region}:${account}:dbuser:${server}/${login}`],
    };
  }

  private readSecret(): PolicyStatement[] {
    const keyArn = this.managed ? this.keyArn : this.settings.secretKeyArn;
    return [
      { sid: "ReadLedgerSecret", actions: ["secretsmanager:GetSecretValue"], resources: [this.secretArn] },
      ...(keyArn === undefined ? [] : [useKey("Secret", keyArn, this.environment.region, "read")]),
    ];
  }

  private server(): PostgresServer {
    const { account, region, deletionGuard, logs, ledger } = this.environment;
    const { postgres } = ledger;
    return new PostgresServer(this, "managed", {
      identifier: ledgerServerName(this.environment),
      version: POSTGRES_VERSION,
      instanceClass: postgres.instanceClass,
      storageGigabytes: postgres.storageGigabytes,
      maximumStorageGigabytes: postgres.maximumStorageGigabytes,
      multiZone: postgres.multiZone,
      backupDays: postgres.backupDays,
      performanceInsights: postgres.performanceInsights,
      monitoringSeconds: postgres.monitoringSeconds,
      port: postgres.port,
      databaseName: postgres.database,
      keyArn: this.keyArn,
      logKeyArn: this.logKeyArn,
      vpcId: this.network.vpc.id,
      subnetIds: this.network.privateSubnets.map((subnet) => subnet.id),
      clientsGroupId: this.network.workloads.id,
      logRetentionDays: logs.retentionDays,
      deletionGuard,
      finalSnapshot: postgres.finalSnapshot,
      account,
      region,
    });
  }

  /** Network rule that lets workloads in the VPC reach an existing server's addresses, at its port. */
  private admit(cidr: string): VpcSecurityGroupEgressRule {
    const { port } = this.settings;
    return new VpcSecurityGroupEgressRule(this, "workloads-to-server", {
      securityGroupId: this.network.workloads.id,
      cidrIpv4: cidr,
      ipProtocol: "tcp",
      fromPort: port,
      toPort: port,
      description: "PostgreSQL",
    });
  }
}
