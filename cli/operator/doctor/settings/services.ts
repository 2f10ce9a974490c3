import { GetParametersCommand, type SSMClient } from "@aws-sdk/client-ssm";
import type { Environment } from "../../../../environments/schema";
import { hasOwnServer } from "../account/postgres-version";
import { type Check, failure, notChecked, ok } from "../check";

/** Services of every environment, as AWS's list names them. */
const SERVICES = [
  "athena",
  "cloudwatch",
  "dynamodb",
  "ec2",
  "events",
  "glue",
  "kms",
  "lambda",
  "logs",
  "s3",
  "scheduler",
  "secretsmanager",
  "sns",
  "sqs",
] as const;

/** Region that has all of them: what it lacks, the list only names otherwise. */
const COMPLETE_REGION = "us-east-1";

/** Maximum number of names of one call. */
const NAMES = 10;

/**
 * Looks up whether the region has each service, in the list that AWS publishes.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-global-infrastructure.html (2026-11-30)
 */
export const servicesCheck: Check = {
  group: "settings",
  name: "services of the region",
  actions: ["ssm:GetParameters"],
  look: async ({ aws, environment }) => {
    const { region } = environment;
    const used = usedBy(environment);
    const [listed, there] = await Promise.all(
      [COMPLETE_REGION, region].map((each) => listedOf(aws.parameters, each, used)),
    );
    if (!listed?.size || !there) return [notChecked("AWS's public list of services by region")];
    const lacking = [...listed].filter((service) => !there.has(service));
    if (lacking.length === 0) return [ok(`${region} has all that the platform uses`)];
    const wayOut = "choose another region in the environment's file";
    return [failure(`${region} lacks ${lacking.join(", ")}`, { wayOut })];
  },
};

function usedBy(environment: Environment): string[] {
  return [
    ...SERVICES,
    ...(hasOwnServer(environment) ? ["rds"] : []),
    ...(environment.storage.cloudtrailDataEvents ? ["cloudtrail"] : []),
  ];
}

/** Those of the services that the list has for the region. */
async function listedOf(
  client: SSMClient,
  region: string,
  services: readonly string[],
): Promise<ReadonlySet<string>> {
  const folder = `/aws/service/global-infrastructure/regions/${region}/services/`;
  const starts = Array.from({ length: Math.ceil(services.length / NAMES) }, (_, call) => call * NAMES);
  const answers = await Promise.all(
    starts.map((start) => {
      const Names = services.slice(start, start + NAMES).map((service) => `${folder}${service}`);
      return client.send(new GetParametersCommand({ Names }));
    }),
  );
  const found = answers.flatMap(({ Parameters = [] }) => Parameters);
  return new Set(found.map(({ Name = "" }) => Name.slice(folder.length)));
}
