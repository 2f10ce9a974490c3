import { Writable } from "node:stream";
import {
  CloudWatchLogsClient,
  type FilteredLogEvent,
  FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { expect, test } from "@jest/globals";
import { connect } from "../../../../cli/operator/command/clients";
import { disconnect } from "../../../../cli/operator/command/operator";
import { Terminal } from "../../../../cli/operator/command/terminal";
import { logs } from "../../../../cli/operator/pipelines/logs";
import { loadEnvironment } from "../../../../environments/schema";

const environment = loadEnvironment("prod");
const NOW = new Date("2026-02-01T08:00:00.000Z");

const event = (eventId: string, secondsAgo: number): FilteredLogEvent => ({
  eventId,
  message: eventId,
  timestamp: NOW.getTime() - secondsAgo * 1000,
});

/** Log whose events are there from one read on, in whatever order they were written. */
class Log extends CloudWatchLogsClient {
  private readonly there: FilteredLogEvent[] = [];

  constructor(
    private readonly coming: FilteredLogEvent[][],
    private readonly ended: () => void,
  ) {
    super({ region: environment.region });
  }

  override async send(command: object): Promise<never> {
    if (!(command instanceof FilterLogEventsCommand)) throw new Error(`${command.constructor.name} came`);
    this.there.push(...(this.coming.shift() ?? []));
    if (this.coming.length === 0) this.ended();
    const { startTime = 0 } = command.input;
    return { events: this.there.filter(({ timestamp = 0 }) => timestamp >= startTime) } as never;
  }
}

test("a log that is followed shows each event once, those too that come late", async () => {
  const interruption = new AbortController();
  const log = new Log(
    [[event("first", 60), event("second", 10)], [event("late", 12)], [event("third", 5)]],
    () => interruption.abort(),
  );
  let written = "";
  const output = new Writable({
    write: (chunk, _, done) => {
      written += chunk;
      done();
    },
  });
  const screen = Object.assign(output, { isTTY: false });
  const aws = { ...connect(environment), logs: log };
  const operator = {
    environment,
    aws,
    terminal: new Terminal(false, screen, screen),
    signal: interruption.signal,
    now: NOW,
  };
  await logs(operator, { source: "control-plane", minutes: 15, follow: true });
  disconnect(aws);
  const shown = written.trimEnd().split("\n");
  expect(shown.map((line) => line.slice(25))).toEqual(["first", "second", "late", "third"]);
});
