import type { Construct } from "constructs";
import { Alarm } from "../../constructs/alarm";
import { deadLetterQueueName, type PipelineQueue, queueName, resourceName } from "../../environments/schema";
import { FIVE_MINUTES, type Watched } from "./alarm-settings";

/** Alarms of a queue: of messages that failed for good, and of those that wait too long. */
export function queueAlarms(scope: Construct, queue: PipelineQueue, { environment, topic }: Watched): void {
  const { oldestMessageMinutes } = environment.manifests;
  const common = { topic, namespace: "AWS/SQS", statistic: "Maximum", periodSeconds: FIVE_MINUTES } as const;
  new Alarm(scope, `${queue}-dead-letters`, {
    ...common,
    alarmName: resourceName(environment, `${queue}-dead-letters`),
    description: `messages of the queue ${queue} failed three times; look at what its reader logged, then redrive`,
    metricName: "ApproximateNumberOfMessagesVisible",
    dimensions: { QueueName: deadLetterQueueName(environment, queue) },
  });
  new Alarm(scope, `${queue}-oldest-message`, {
    ...common,
    alarmName: resourceName(environment, `${queue}-oldest-message`),
    description: `a message waits for more than ${oldestMessageMinutes} minutes in the queue ${queue}; look at its reader, or give it more workers`,
    metricName: "ApproximateAgeOfOldestMessage",
    dimensions: { QueueName: queueName(environment, queue) },
    threshold: oldestMessageMinutes * 60,
  });
}
