import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CostExplorerClient } from "@aws-sdk/client-cost-explorer";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { GlueClient } from "@aws-sdk/client-glue";
import { GuardDutyClient } from "@aws-sdk/client-guardduty";
import { IAMClient } from "@aws-sdk/client-iam";
import { LakeFormationClient } from "@aws-sdk/client-lakeformation";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { RDSClient } from "@aws-sdk/client-rds";
import { S3Client } from "@aws-sdk/client-s3";
import { SchedulerClient } from "@aws-sdk/client-scheduler";
import { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { SNSClient } from "@aws-sdk/client-sns";
import { SSMClient } from "@aws-sdk/client-ssm";
import { STSClient } from "@aws-sdk/client-sts";
import type { Environment } from "../../../environments/schema";

/** Clients of the services that are asked. */
export interface DoctorClients {
  readonly cloudwatch: CloudWatchClient;
  readonly costs: CostExplorerClient;
  readonly dynamo: DynamoDBClient;
  readonly ec2: EC2Client;
  readonly events: EventBridgeClient;
  readonly glue: GlueClient;
  readonly guardduty: GuardDutyClient;
  readonly iam: IAMClient;
  readonly lakeFormation: LakeFormationClient;
  readonly lambda: LambdaClient;
  /** Of us-east-1, which knows the services of all regions; others do not. */
  readonly parameters: SSMClient;
  readonly quotas: ServiceQuotasClient;
  readonly rds: RDSClient;
  readonly s3: S3Client;
  readonly scheduler: SchedulerClient;
  readonly sns: SNSClient;
  readonly sts: STSClient;
}

const ATTEMPTS = 2;

/** Region that answers for all others about what each has. */
const INDEX_REGION = "us-east-1";

/** Makes the clients; a call ends within the limit, also where no attempt is answered. */
export function connectDoctor({ region, storage }: Environment, limitMilliseconds: number): DoctorClients {
  const requestTimeout = Math.floor(limitMilliseconds / ATTEMPTS);
  const patience = {
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: requestTimeout, requestTimeout, throwOnRequestTimeout: true },
  };
  const settings = { ...patience, region };
  return {
    cloudwatch: new CloudWatchClient(settings),
    costs: new CostExplorerClient(settings),
    dynamo: new DynamoDBClient(settings),
    ec2: new EC2Client(settings),
    events: new EventBridgeClient(settings),
    glue: new GlueClient(settings),
    guardduty: new GuardDutyClient(settings),
    iam: new IAMClient(settings),
    lakeFormation: new LakeFormationClient(settings),
    lambda: new LambdaClient(settings),
    parameters: new SSMClient({ ...patience, region: INDEX_REGION }),
    quotas: new ServiceQuotasClient(settings),
    rds: new RDSClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: storage.pathStyle }),
    scheduler: new SchedulerClient(settings),
    sns: new SNSClient(settings),
    sts: new STSClient(settings),
  };
}
