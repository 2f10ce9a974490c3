/** What resources of a plan cost, by the attributes that Terraform shows of them. */
import type { Environment } from "../../environments/schema";
import { lifecycleCost } from "./lifecycle";
import type { Amount } from "./model/amount";
import { workOf } from "./model/cost";
import { trail } from "./model/data-events";
import { functionCost, functionNamed } from "./model/functions";
import { trackingGigabytes, trackingStorage } from "./model/manifests";
import {
  alarms,
  dashboard,
  interfaceEndpoints,
  keys,
  managedServer,
  natGateways,
  publicAddresses,
  secret,
  streamingJob,
} from "./model/resources";

/** Attributes of a resource. Those that are known after an apply alone are absent. */
export type Values = Readonly<Record<string, unknown>>;

/** Cost a month; undefined for values that the price table has nothing for. */
type PriceOf = (values: Values, environment: Environment) => Amount | undefined;

const FREE: Amount = { dollars: 0, text: "free" };

const PRICED: Readonly<Record<string, PriceOf>> = {
  aws_kms_key: () => keys(1),
  aws_cloudwatch_metric_alarm: () => alarms(1),
  aws_cloudwatch_dashboard: () => dashboard(),
  aws_secretsmanager_secret: () => secret(),
  aws_nat_gateway: () => natGateways(1),
  aws_eip: () => publicAddresses(1),
  aws_vpc_endpoint: ({ vpc_endpoint_type, subnet_ids }, { network }) =>
    // subnets that are made with it are known after the apply: it gets one in each zone
    vpc_endpoint_type === "Interface"
      ? interfaceEndpoints(1, Array.isArray(subnet_ids) ? subnet_ids.length : network.zones.length)
      : FREE,
  aws_db_instance: ({
    instance_class,
    multi_az,
    allocated_storage,
    backup_retention_period,
    storage_type,
  }) =>
    storage_type === "gp3"
      ? managedServer({
          instanceClass: String(instance_class),
          multiZone: multi_az === true,
          storageGigabytes: Number(allocated_storage),
          backupDays: Number(backup_retention_period ?? 0),
        })
      : undefined,
  aws_glue_job: ({ command, worker_type, number_of_workers }) => {
    const [first] = Array.isArray(command) ? command : [command];
    return (first as Values | undefined)?.["name"] === "gluestreaming"
      ? streamingJob({ type: String(worker_type), number: Number(number_of_workers) })
      : undefined;
  },
  aws_lambda_function: ({ function_name, memory_size, architectures }, environment) => {
    const name = functionNamed(environment, function_name);
    const isArm = Array.isArray(architectures) && architectures[0] === "arm64";
    if (name === undefined || !isArm) return undefined;
    return functionCost(environment, name, Number(memory_size)) ?? FREE;
  },
  aws_dynamodb_table: ({ name, billing_mode, point_in_time_recovery }, environment) => {
    if (billing_mode !== "PAY_PER_REQUEST") return undefined;
    const isTracking = String(name).endsWith("-file-tracking");
    const gigabytes = isTracking ? trackingGigabytes(workOf(environment, "manifests")) : 0;
    const [recovery] = Array.isArray(point_in_time_recovery) ? point_in_time_recovery : [];
    const amount = trackingStorage(gigabytes, (recovery as Values | undefined)?.["enabled"] === true);
    return gigabytes === 0 ? FREE : amount;
  },
  aws_cloudtrail: (_, environment) => trail(environment),
  aws_s3_bucket_lifecycle_configuration: lifecycleCost,
};

/** Kinds that cost nothing themselves. */
const FREE_KINDS =
  /^(terraform_data|aws_(iam_\w+|s3_bucket_(ownership_controls|policy|public_access_block|server_side_encryption_configuration|notification)|s3_object|vpc|vpc_security_group_\w+|subnet|route|route_table|route_table_association|internet_gateway|security_group|security_group_rule|default_security_group|network_acl|network_acl_rule|kms_alias|db_subnet_group|db_parameter_group|glue_(connection|security_configuration|trigger|workflow|catalog_\w+)|lakeformation_\w+|lambda_(permission|invocation|event_source_mapping|function_event_invoke_config)|cloudwatch_event_(rule|target)|sns_topic_(policy|subscription)|sqs_queue_(policy|redrive_\w+)|athena_(workgroup|named_query)|budgets_budget))$/;

/** Kinds that are paid by use, in a way that no attribute of theirs tells. */
const BY_USE =
  /^aws_(s3_bucket|s3_bucket_(lifecycle_configuration|versioning|logging)|sqs_queue|sns_topic|cloudwatch_log_group|flow_log|scheduler_schedule|glue_job)$/;

/** Attributes of these that may change what is paid. */
const MATTERS =
  /(memory|worker|capacity|billing|storage|transition|expiration|retention|noncurrent|schedule_expression|execution_class|timeout|size|status|kms)/;

/** Kinds that are paid for what they are set on: only a change of them has a figure. */
const OF_ANOTHER = /^aws_s3_bucket_lifecycle_configuration$/;

/** Why there is no figure: it is paid by use, or the price table has nothing for it. */
export type Uncounted = "paid by use" | "no price known here";

/**
 * Cost a month of a resource by its attributes, and for what is paid by use, of what the environment expects. What has no
 * price here is said to have none, and never counted as nothing.
 * @param isChanged whether it is there before and after
 */
export function monthOf(
  type: string,
  values: Values,
  environment: Environment,
  isChanged = false,
): Amount | Uncounted {
  if (OF_ANOTHER.test(type) && !isChanged) return "paid by use";
  const amount = PRICED[type]?.(values, environment);
  if (amount !== undefined) return amount;
  if (FREE_KINDS.test(type)) return FREE;
  return BY_USE.test(type) ? "paid by use" : "no price known here";
}

/** Returns whether a change of that attribute may change what is paid for a kind without a figure. */
export function mayMatter(type: string, path: string): boolean {
  return !path.startsWith("tags") && (!BY_USE.test(type) || MATTERS.test(path));
}
