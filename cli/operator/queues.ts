import { GetMetricDataCommand, type MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { deadLetterQueueName, type PipelineQueue, queueName } from "../../environments";
import type { Operator } from "./operator";

export const QUEUES: readonly PipelineQueue[] = ["inputs", "manifests"];

/** Messages of a queue, as SQS estimates them. */
export interface QueueState {
  /** `inputs`, `manifests`, or one of these and ` dead letters`. */
  readonly queue: string;
  readonly name: string;
  readonly waiting: number;
  readonly inWork: number;
  /** Seconds since the oldest message was sent; CloudWatch says so, minutes late, or says nothing. */
  readonly oldestSeconds?: number;
}

/** The queues of the pipeline, each before its dead-letter queue. */
export async function readQueues(operator: Operator): Promise<QueueState[]> {
  const { environment } = operator;
  const queues = QUEUES.flatMap((queue) => [
    { queue: queue as string, name: queueName(environment, queue) },
    { queue: `${queue} dead letters`, name: deadLetterQueueName(environment, queue) },
  ]);
  const ages = await oldestMessages(
    operator,
    queues.map(({ name }) => name),
  );
  return Promise.all(
    queues.map(async ({ queue, name }) => {
      const counts = await countMessages(operator.aws.sqs, name);
      const oldestSeconds = counts.waiting + counts.inWork > 0 ? ages.get(name) : undefined;
      return { queue, name, ...counts, ...(oldestSeconds === undefined ? {} : { oldestSeconds }) };
    }),
  );
}

export async function queueUrl(sqs: SQSClient, QueueName: string): Promise<string> {
  const { QueueUrl = "" } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
  return QueueUrl;
}

async function countMessages(sqs: SQSClient, name: string): Promise<{ waiting: number; inWork: number }> {
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
    waiting:
      Number(Attributes["ApproximateNumberOfMessages"]) +
      Number(Attributes["ApproximateNumberOfMessagesDelayed"] ?? 0),
    inWork: Number(Attributes["ApproximateNumberOfMessagesNotVisible"]),
  };
}

/** Age of each queue's oldest message by the newest point of the last 15 minutes; SQS itself does not tell it. */
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
