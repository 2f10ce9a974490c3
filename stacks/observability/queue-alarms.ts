import type { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import type { Construct } from "constructs";
import { Alarm } from "../../constructs/alarm";
import {
  deadLetterQueueName,
  type Environment,
  type PipelineQueue,
  queueName,
  resourceName,
} from "../../environments/schema";

export interface QueueAlarmsProps {
  readonly environment: Environment;
  readonly topic: SnsTopic;
  /** Age of a waiting message that raises an alarm. */
  readonly oldestMessageMinutes: number;
}

/** Adds the alarms of a queue: on messages that failed for good, and on those that wait too long. */
export function queueAlarms(scope: Construct, queue: PipelineQueue, props: QueueAlarmsProps): void {
  const { environment, topic, oldestMessageMinutes } = props;
  const common = { topic, namespace: "AWS/SQS", statistic: "Maximum", periodSeconds: 300 } as const;
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
