import { deadLetterQueueName, type Environment, queueName, queuesOf } from "../../environments/schema";
import { type Metric, type Widget, widget } from "./widgets";

/** Widgets of the queues of S3's notifications and their dead letters; none where no pipeline has a queue. */
export function queueWidgets(environment: Environment): Widget[] {
  const queues = queuesOf(environment);
  if (queues.length === 0) return [];
  const ofQueues = (name: string): Metric[] =>
    queues.map((queue) => ["AWS/SQS", name, "QueueName", queueName(environment, queue)]);
  return [
    widget("Queues: messages sent", "Sum", ofQueues("NumberOfMessagesSent")),
    widget("Queues: messages waiting and in work", "Maximum", [
      ...ofQueues("ApproximateNumberOfMessagesVisible"),
      ...ofQueues("ApproximateNumberOfMessagesNotVisible"),
    ]),
    widget(
      "Queues: age of the oldest message, seconds",
      "Maximum",
      ofQueues("ApproximateAgeOfOldestMessage"),
    ),
    widget(
      "Queues: dead letters",
      "Maximum",
      queues.map((queue) => [
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        "QueueName",
        deadLetterQueueName(environment, queue),
      ]),
    ),
  ];
}
