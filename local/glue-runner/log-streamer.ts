import {
  type CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";

/** CloudWatch Logs takes 10,000 events and 1 MiB a call; a line of ours is cut where one event's limit is. */
const EVENTS_A_CALL = 500;
const LINE_CHARACTERS = 2000;
const FLUSH_MILLISECONDS = 500;

/** Sends lines to one log stream, in order, a batch at a time. */
export class LogStreamer {
  private readonly waiting: { timestamp: number; message: string }[] = [];
  private sending: Promise<void> = Promise.resolve();
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly client: CloudWatchLogsClient,
    private readonly stream: { logGroupName: string; logStreamName: string },
  ) {
    this.timer = setInterval(() => this.flush(), FLUSH_MILLISECONDS);
  }

  /** Opens the stream, making it and its group where missing. */
  static async open(client: CloudWatchLogsClient, group: string, name: string): Promise<LogStreamer> {
    const stream = { logGroupName: group, logStreamName: name };
    await client.send(new CreateLogGroupCommand({ logGroupName: group })).catch(unlessItExists);
    await client.send(new CreateLogStreamCommand(stream)).catch(unlessItExists);
    return new LogStreamer(client, stream);
  }

  write(line: string): void {
    // CloudWatch Logs refuses an empty message.
    this.waiting.push({ timestamp: Date.now(), message: line.slice(0, LINE_CHARACTERS) || " " });
  }

  /** Sends what is left. @throws where any batch could not be sent. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.flush();
    await this.sending;
  }

  private flush(): void {
    this.sending = this.sending.then(() => this.sendWaiting());
    // close() reports it; without a handler here, a failure before that would end the process.
    this.sending.catch(() => undefined);
  }

  private async sendWaiting(): Promise<void> {
    while (this.waiting.length > 0) {
      const logEvents = this.waiting.splice(0, EVENTS_A_CALL);
      await this.client.send(new PutLogEventsCommand({ ...this.stream, logEvents }));
    }
  }
}

function unlessItExists(error: Error): void {
  if (error.name !== "ResourceAlreadyExistsException") throw error;
}
