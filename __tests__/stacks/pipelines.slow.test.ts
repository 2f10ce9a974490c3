import { describe, expect, test } from "@jest/globals";
import {
  type Environment,
  functionName,
  functionsOf,
  jobName,
  jobsOf,
  LAYERS,
  loadEnvironment,
  PIPELINES,
  type Pipeline,
  queueName,
  queuesOf,
  tableName,
  tablesOf,
} from "../../environments/schema";
import { read } from "../docs/pages";
import { synthesize } from "../support/synthesize";

const SUBSETS: readonly (readonly Pipeline[])[] = [1, 2, 3, 4, 5, 6, 7].map((bits) =>
  PIPELINES.filter((_, index) => bits & (1 << index)),
);

/** The environment with these pipelines, under a name of its own: all are synthesized together. */
function environmentOf(base: string, pipelines: readonly Pipeline[]): Environment {
  const name = `${base}-${pipelines.map(([letter]) => letter).join("")}`;
  return { ...loadEnvironment(base), name, pipelines: [...pipelines] };
}

const dev = new Map(SUBSETS.map((pipelines) => [pipelines.join(), environmentOf("dev", pipelines)]));
const prod = new Map(PIPELINES.map((pipeline) => [pipeline, environmentOf("prod", [pipeline])]));
const stacks = synthesize([...dev.values(), ...prod.values()]);

interface Deployed {
  readonly address: string;
  readonly type: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

function deployedIn({ name }: Environment): Deployed[] {
  return LAYERS.flatMap((layer) =>
    Object.entries(stacks.get(`${name}-${layer}`)?.resource ?? {}).flatMap(([type, resources]) =>
      Object.entries(resources).map(([id, attributes]) => ({
        address: `${layer}: ${type}.${id}`,
        type,
        attributes,
      })),
    ),
  );
}
function namesOf(environment: Environment, type: string, attribute = "name"): unknown[] {
  return deployedIn(environment)
    .filter((each) => each.type === type)
    .map(({ attributes }) => attributes[attribute])
    .sort();
}

function countsOf(environment: Environment, types: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(types.map((type) => [type, namesOf(environment, type).length]));
}

function environmentWith(...pipelines: readonly Pipeline[]): Environment {
  const found = dev.get(pipelines.join());
  if (found === undefined) throw new Error(`no environment of ${pipelines}`);
  return found;
}

/** Every name of the environment's that stands anywhere in its stacks, without its beginning. */
function namedIn({ name, project }: Environment): ReadonlySet<string> {
  const texts = LAYERS.map((layer) => JSON.stringify(stacks.get(`${name}-${layer}`))).join();
  const beginning = `${project}-${name}-`;
  // names may follow each other in one, as those of a job's log groups do
  const pattern = new RegExp(`${beginning}((?:(?!${project}-)[a-z0-9-])+)`, "g");
  return new Set([...texts.matchAll(pattern)].map(([, rest = ""]) => rest.replace(/-$/, "")));
}

/** Dataset of each pipeline in datasets/. */
const DATASETS: Readonly<Record<Pipeline, string>> = {
  uploads: "customers",
  manifests: "clicks",
  ledger: "ml_events",
};

describe.each(SUBSETS.map((pipelines) => [pipelines.join(" and "), pipelines] as const))(
  "%s",
  (_, pipelines) => {
    const environment = environmentWith(...pipelines);
    const others = PIPELINES.filter((each) => !pipelines.includes(each));

    test("have what each of them has alone, and nothing else", () => {
      const alone = pipelines.flatMap((each) => deployedIn(environmentWith(each)));
      const expected = new Set(alone.map(({ address }) => address));
      expect(new Set(deployedIn(environment).map(({ address }) => address))).toEqual(expected);
    });

    test("have the functions, jobs, queues and tables that the schema lists for them", () => {
      expect(namesOf(environment, "aws_lambda_function", "function_name")).toEqual(
        functionsOf(environment)
          .map((each) => functionName(environment, each))
          .sort(),
      );
      expect(namesOf(environment, "aws_glue_job")).toEqual(
        jobsOf(environment)
          .map((each) => jobName(environment, each))
          .sort(),
      );
      expect(namesOf(environment, "aws_dynamodb_table")).toEqual(
        tablesOf(environment)
          .map((each) => tableName(environment, each))
          .sort(),
      );
      const queues = queuesOf(environment).flatMap((each) => {
        const name = queueName(environment, each);
        return [name, `${name}-dead-letters`];
      });
      const sources = namesOf(environment, "aws_sqs_queue").filter(
        (each) => !/-(failures|undelivered-events)$/.test(String(each)),
      );
      expect(sources).toEqual(queues.sort());
    });

    test("name nothing that is not there: no role, variable, argument, alarm or widget does", () => {
      const deployed = deployedIn(environment).flatMap(({ attributes }) => [
        ...["name", "bucket", "function_name", "identifier", "final_snapshot_identifier", "alarm_name"].map(
          (each) => attributes[each],
        ),
        (attributes["tags"] as { Name?: string } | undefined)?.Name,
        ...(attributes["target_key_id"] ? [String(attributes["name"]).replace("alias/", "")] : []),
      ]);
      const names = new Set(
        deployed.map((each) => String(each).replace(/^.*?tributary-dev-[uml]+-|-?\$\{.*$/g, "")),
      );
      const absent = [...namedIn(environment)].filter((each) => !names.has(each));
      expect(absent).toEqual([]);
    });

    test("have the tables of their datasets, and of others know no more than where in the raw bucket their files lie", () => {
      const text = LAYERS.map((layer) => JSON.stringify(stacks.get(`${environment.name}-${layer}`)))
        .join()
        .replaceAll(/"(prefix|id)":"(input\/|inputs-)\w+\/?"/g, "");
      expect(namesOf(environment, "aws_glue_catalog_table")).toEqual(
        expect.arrayContaining(pipelines.map((each) => DATASETS[each])),
      );
      for (const pipeline of others) expect(text).not.toMatch(new RegExp(`\\b${DATASETS[pipeline]}\\b`));
    });
  },
);

describe("what costs whether a file comes or not", () => {
  const PAID = [
    "aws_db_instance",
    "aws_nat_gateway",
    "aws_eip",
    "aws_flow_log",
    "aws_kms_key",
    "aws_cloudwatch_metric_alarm",
    "aws_glue_connection",
    "aws_scheduler_schedule",
  ];

  test("has as many alarms as docs/costs.md counts", () => {
    const alarmsOf = (environment: Environment) =>
      namesOf(environment, "aws_cloudwatch_metric_alarm", "alarm_name");
    const [uploads = [], manifests = [], ledger = []] = PIPELINES.map((each) =>
      alarmsOf(environmentWith(each)).map((name) => String(name).replace(/^tributary-dev-[uml]-/, "")),
    );
    const shared = uploads.filter((name) => manifests.includes(name) && ledger.includes(name)).length;
    const [whole] = [...prod.values()]
      .filter(({ pipelines }) => pipelines.join() === "manifests")
      .map(alarmsOf);
    const counted = [...read("docs/costs.md").matchAll(/(\d+) alarms × 0\.10/g)].map(([, count]) =>
      Number(count),
    );
    const own = [uploads, manifests, ledger].map((names) => names.length - shared);
    const [, ofManifests = 0, ofLedger] = own;
    const sharedInProd = (whole?.length ?? 0) - ofManifests;
    // what all share; each one's own; those of manifests and of the ledger again, in their months
    expect(counted).toEqual([shared, sharedInProd, ...own, ofManifests, ofLedger]);
  });

  test.each<[Pipeline, readonly number[]]>([
    ["uploads", [0, 0, 0, 0, 4, 29, 0, 3]],
    ["manifests", [0, 0, 0, 0, 4, 30, 0, 4]],
    ["ledger", [1, 1, 1, 1, 5, 37, 2, 3]],
  ])("%s alone has its own", (pipeline, expected) => {
    const counts = Object.fromEntries(PAID.map((type, index) => [type, expected[index]]));
    expect(countsOf(environmentWith(pipeline), PAID)).toEqual(counts);
  });

  test.each<[Pipeline, readonly string[]]>([
    ["uploads", ["events", "glue", "kms", "logs", "monitoring", "sts"]],
    ["manifests", ["events", "glue", "kms", "logs", "monitoring", "sqs", "sts"]],
    ["ledger", ["events", "glue", "kms", "logs", "monitoring", "secretsmanager", "sts"]],
  ])("the private jobs of %s have the interface endpoints that they call", (pipeline, services) => {
    const endpoints = deployedIn(prod.get(pipeline) as Environment).filter(
      ({ attributes }) => attributes["vpc_endpoint_type"] === "Interface",
    );
    expect(endpoints.map(({ attributes }) => attributes["service_name"])).toEqual(
      services.map((service) => `com.amazonaws.us-east-1.${service}`),
    );
  });

  test("an uploads pipeline outside of the VPC has no part of the network that costs", () => {
    const network = deployedIn(environmentWith("uploads")).filter(({ address }) => /^network/.test(address));
    expect(new Set(network.map(({ type }) => type))).toEqual(
      new Set([
        "aws_vpc",
        "aws_default_security_group",
        "aws_subnet",
        "aws_route_table",
        "aws_route_table_association",
        "aws_security_group",
        "aws_vpc_security_group_ingress_rule",
        "aws_vpc_security_group_egress_rule",
        "aws_vpc_endpoint",
      ]),
    );
    const kinds = namesOf(environmentWith("uploads"), "aws_vpc_endpoint", "vpc_endpoint_type");
    expect(kinds).toEqual(["Gateway", "Gateway"]);
  });
});

describe("the notification of the raw bucket", () => {
  const notificationOf = (pipeline: Pipeline) =>
    deployedIn(environmentWith(pipeline)).find(({ address }) =>
      address.includes("aws_s3_bucket_notification.uploads"),
    )?.attributes;

  test.each<[Pipeline, readonly string[]]>([
    ["uploads", ["uploads-input-customers", "uploads-input-smoke_uploads"]],
    ["manifests", ["manifests-input-clicks", "manifests-input-smoke_manifests"]],
    ["ledger", ["ledger-raw-json-data"]],
  ])("has for %s alone its own targets", (pipeline, expected) => {
    const { lambda_function = [], queue = [] } = notificationOf(pipeline) ?? {};
    const targets = [...(lambda_function as { id: string }[]), ...(queue as { id: string }[])];
    expect(targets.map(({ id }) => id)).toEqual(expected);
  });
});

test("the code of the jobs has the same address whatever the pipelines: none takes it along when it goes", () => {
  const codeOf = (pipeline: Pipeline) =>
    deployedIn(environmentWith(pipeline))
      .map(({ address }) => address)
      .filter((address) => address.includes("terraform_data.code_store_"));
  expect(codeOf("uploads").length).toBeGreaterThan(0);
  expect(codeOf("manifests")).toEqual(codeOf("uploads"));
  expect(codeOf("ledger")).toEqual(codeOf("uploads"));
});
