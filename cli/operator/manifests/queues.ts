import { GetMetricDataCommand, type MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from "@aws-sdk/client-sqs";
import {
  ALERT_FORWARDER,
  type DeployedFunction,
  deadLetterQueueName,
  type Environment,
  failureQueueName,
  functionsOf,
  type Pipeline,
  pipelinesOf,
  queueName,
  queuesOf,
  undeliveredEventsName,
} from "../../../environments/schema";
import type { Operator } from "../command/operator";
import { KEPT_FUNCTIONS } from "./choices";

/** Functions whose failed events are kept in queues of their own, as far as the environment has them. */
export function keptFunctions(environment: Environment): DeployedFunction[] {
  const deployed: DeployedFunction[] = functionsOf(environment);
  if (environment.alerts.pagerSecrets.length > 0) deployed.push(ALERT_FORWARDER);
  return KEPT_FUNCTIONS.filter((name) => deployed.includes(name));
}

/** Messages of a queue, as SQS estimates them. */
export interface QueueState {
  /**
   * `manifests-inputs`, `manifests-ready`, `ledger-inputs`, one of these and ` dead letters`, a function and
   * ` failures`, or `undelivered events`.
   */
  readonly queue: string;
  readonly name: string;
  readonly waiting: number;
  readonly inWork: number;
  /** Seconds since the oldest message was sent; from CloudWatch, minutes late, or absent. */
  readonly oldestSeconds?: number;
}

/**
 * Reads the queues of the pipelines or of one, each before its dead-letter queue, and the non-empty queues of events
 * that functions failed on, or that did not reach any. What several pipelines need is shown with each of them.
 */
export async function readQueues(operator: Operator, pipeline?: Pipeline): Promise<QueueState[]> {
  const { environment } = operator;
  const isWanted = (name: string) => pipeline === undefined || pipelinesOf(name).includes(pipeline);
  const wanted = queuesOf(environment).filter(isWanted);
  const queues = wanted.flatMap((queue) => [
    { queue: queue as string, name: queueName(environment, queue) },
    { queue: `${queue} dead letters`, name: deadLetterQueueName(environment, queue) },
  ]);
  const failures = [
    ...keptFunctions(environment)
      .filter(isWanted)
      .map((name) => ({
        queue: `${name} failures`,
        name: failureQueueName(environment, name),
      })),
    { queue: "undelivered events", name: undeliveredEventsName(environment) },
  ];
  const [ages, states, failed] = await Promise.all([
    oldestMessages(
      operator,
      [...queues, ...failures].map(({ name }) => name),
    ),
    Promise.all(queues.map((each) => readQueue(operator, each))),
    Promise.all(failures.map((each) => readQueue(operator, each))),
  ]);
  const shown = [...states, ...failed.filter(isFull)];
  return shown.map((state) => {
    const oldestSeconds = isFull(state) ? ages.get(state.name) : undefined;
    return oldestSeconds === undefined ? state : { ...state, oldestSeconds };
  });
}

function isFull({ waiting, inWork }: QueueState): boolean {
  return waiting + inWork > 0;
}

export async function queueUrl(sqs: SQSClient, QueueName: string): Promise<string> {
  const { QueueUrl = "" } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
  return QueueUrl;
}

async function readQueue(
  { aws: { sqs } }: Operator,
  { queue, name }: { readonly queue: string; readonly name: string },
): Promise<QueueState> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: await queueUrl(sqs, name),
      AttributeNames: [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
      ],
    }),
  );
  return {
    queue,
    name,
    waiting:
      Number(Attributes["ApproximateNumberOfMessages"]) +
      Number(Attributes["ApproximateNumberOfMessagesDelayed"] ?? 0),
    inWork: Number(Attributes["ApproximateNumberOfMessagesNotVisible"]),
  };
}

/**
 * Age of each queue's oldest message by the newest point of the last 15 minutes; SQS itself does not report
 * it.
 */
async function oldestMessages(
  { aws, now }: Operator,
  names: readonly string[],
): Promise<Map<string, number>> {
  const { MetricDataResults = [] } = await aws.cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(now.getTime() - 15 * 60_000),
      EndTime: now,
      ScanBy: "TimestampDescending",
      MetricDataQueries: names.map(ageOfOldest),
    }),
  );
  const newest = MetricDataResults.map(({ Id, Values = [] }) => [names[Number(Id?.slice(1))], Values[0]]);
  return new Map(newest.filter(([, value]) => value !== undefined) as [string, number][]);
}

function ageOfOldest(name: string, index: number): MetricDataQuery {
  return {
    Id: `q${index}`,
    MetricStat: {
      Metric: {
        Namespace: "AWS/SQS",
        MetricName: "ApproximateAgeOfOldestMessage",
        Dimensions: [{ Name: "QueueName", Value: name }],
      },
      Period: 60,
      Stat: "Maximum",
    },
  };
}
