import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { type Received, received } from "./event";

/** Maximum number of messages of one call. */
const MESSAGES_A_CALL = 10;

/** A queue as an event source uses it. */
export class Queue {
  private constructor(
    private readonly sqs: SQSClient,
    private readonly url: string,
    private readonly arn: string,
    readonly visibilitySeconds: number,
  ) {}

  static async open(sqs: SQSClient, endpoint: string, arn: string): Promise<Queue> {
    const [account = "", name = ""] = arn.split(":").slice(4);
    // Lambda may read a queue whose url its function may not look up.
    const url = `${endpoint}/${account}/${name}`;
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["VisibilityTimeout"] }),
    );
    return new Queue(sqs, url, arn, Number(Attributes?.["VisibilityTimeout"] ?? 30));
  }

  /** Receives up to `most` messages, ten at most; waits `seconds` for the first, a whole number. */
  async receive(most: number, seconds: number): Promise<Received[]> {
    const { Messages = [] } = await this.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.url,
        MaxNumberOfMessages: Math.min(most, MESSAGES_A_CALL),
        WaitTimeSeconds: seconds,
        MessageSystemAttributeNames: ["All"],
        MessageAttributeNames: ["All"],
      }),
    );
    const at = performance.now();
    return Messages.map((message) => received(message, this.arn, at));
  }

  /** Removes messages that are done. @throws Error naming how many the queue would not remove. */
  async remove(messages: readonly Received[]): Promise<void> {
    await this.inCalls(messages, async (Entries) => {
      const { Failed = [] } = await this.sqs.send(
        new DeleteMessageBatchCommand({ QueueUrl: this.url, Entries }),
      );
      if (Failed.length > 0) {
        throw new Error(`${Failed.length} messages cannot be deleted: ${Failed[0]?.Message}`);
      }
    });
  }

  /** Gives messages back immediately that nobody will work on. */
  async giveBack(messages: readonly Received[]): Promise<void> {
    await this.inCalls(messages, (entries) =>
      this.sqs.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: this.url,
          Entries: entries.map((entry) => ({ ...entry, VisibilityTimeout: 0 })),
        }),
      ),
    );
  }

  private async inCalls(
    messages: readonly Received[],
    call: (entries: { Id: string; ReceiptHandle: string }[]) => Promise<unknown>,
  ): Promise<void> {
    const calls: Promise<unknown>[] = [];
    for (let from = 0; from < messages.length; from += MESSAGES_A_CALL) {
      const part = messages.slice(from, from + MESSAGES_A_CALL);
      calls.push(
        call(part.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle }))),
      );
    }
    await Promise.all(calls);
  }
}
