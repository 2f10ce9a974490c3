import { describe, expect, test } from "@jest/globals";
import type { Operator } from "../../../../cli/operator/command/operator";
import { Terminal } from "../../../../cli/operator/command/terminal";
import type { Found } from "../../../../cli/operator/smoke/checks";
import { outcomeOf } from "../../../../cli/operator/smoke/outcome";
import { fileOf } from "../../../../cli/operator/smoke/sent";
import { type Look, PipelineTest } from "../../../../cli/operator/smoke/test";
import { loadEnvironment } from "../../../../environments/schema";

const SENT = fileOf("manifests", "smoke-a", "2026-01-31");
const WHOLE: Found = {
  status: "done",
  rows: SENT.rows.map(({ number, text }) => ({ number: String(number), text })),
  deadLetters: [SENT.broken],
};
const ENDED: Look = { state: "done", ended: true };

/** A pipeline that shows one look after another, the last one for ever. */
class Scripted extends PipelineTest {
  readonly wanted = "done";
  readonly awaited = "an outcome in the table";
  readonly job = undefined;
  sends = 0;
  removals = 0;

  constructor(
    operator: Operator,
    private readonly script: {
      readonly looks?: readonly Look[];
      readonly found?: Partial<Found>;
      readonly obstacle?: string;
      readonly unseen?: string;
      readonly kept?: string;
      readonly refused?: string;
      readonly withdrawn?: boolean;
    },
  ) {
    super(operator, SENT);
  }

  async obstacle() {
    if (this.script.unseen !== undefined) throw new Error(this.script.unseen);
    return this.script.obstacle;
  }

  override async send() {
    this.sends += 1;
    if (this.script.refused !== undefined) throw new Error(this.script.refused);
    this.version = "v1";
  }

  async withdraw() {
    return this.script.withdrawn ?? false;
  }

  async look() {
    const { looks = [ENDED] } = this.script;
    const [look = ENDED] = looks.slice(Math.min(this.looked++, looks.length - 1));
    return look;
  }

  async found() {
    return { ...WHOLE, ...this.script.found };
  }

  async remove() {
    this.removals += 1;
    if (this.script.kept !== undefined) throw new Error(this.script.kept);
    return { objects: 4, left: [] };
  }

  private looked = 0;
}

async function outcome(
  script: ConstructorParameters<typeof Scripted>[1],
  signal = new AbortController().signal,
) {
  const environment = loadEnvironment("local");
  const operator: Operator = {
    environment,
    aws: {} as Operator["aws"],
    terminal: new Terminal(true),
    signal,
    now: new Date(),
  };
  const scripted = new Scripted(operator, script);
  const states: string[] = [];
  const found = await outcomeOf(operator, scripted, {
    seconds: 0,
    progress: (_, state) => states.push(state),
  });
  return { ...found, scripted, states };
}

const LEFT = expect.stringMatching(
  /^s3:\/\/.*\/input\/smoke_manifests\/2026-01-31-smoke-a\.ndjson.*expires in 3 days/,
);

describe("the test of a pipeline", () => {
  test("passes where all is as it was sent, and leaves nothing", async () => {
    const { scripted, states, ...found } = await outcome({});
    expect(found).toMatchObject({
      ...{ problems: [], rowsSent: 3, rowsFound: 3, linesBroken: 1, deadLetters: 1, status: "done" },
      ...{ removed: 4, left: [] },
    });
    expect(states).toEqual(["done"]);
    expect([scripted.sends, scripted.removals]).toEqual([1, 1]);
  });

  test("fails where a row was dropped, and leaves nothing either", async () => {
    const { problems, left, scripted } = await outcome({ found: { rows: WHOLE.rows.slice(1) } });
    expect(problems).toEqual(["manifests: table smoke_manifests: row 1: expected once, got 0"]);
    expect([scripted.removals, left]).toEqual([1, []]);
  });

  test("says what it waited for, and how far the file came, and leaves the file to its pipeline", async () => {
    const looks = [{ state: "manifested, no run of j", ended: false }];
    const { problems, left, scripted } = await outcome({ looks });
    expect(problems).toEqual([
      "manifests: waited 0 s for an outcome in the table, and the file is manifested, no run of j",
    ]);
    expect([scripted.removals, left]).toEqual([0, [LEFT]]);
  });

  test("waits no longer where no outcome will come", async () => {
    const { problems } = await outcome({
      looks: [{ state: "pending", ended: false, hopeless: "two runs failed" }],
    });
    expect(problems).toEqual(["manifests: nothing will come of it: two runs failed"]);
  });

  test("ends with Ctrl-C, and says so", async () => {
    const { problems, left } = await outcome(
      { looks: [{ state: "pending", ended: false }] },
      AbortSignal.abort(),
    );
    expect(problems).toEqual(["manifests: interrupted while it waited for an outcome in the table"]);
    expect(left).toEqual([LEFT]);
  });

  test("sends nothing to a pipeline that takes nothing", async () => {
    const { problems, left, scripted } = await outcome({ obstacle: "the streaming job is stopped" });
    expect(problems).toEqual(["manifests: the streaming job is stopped"]);
    expect([scripted.sends, scripted.removals, left]).toEqual([0, 0, []]);
  });

  test("sends nothing where it may not see whether the pipeline takes it, and leaves the other tests alone", async () => {
    const { problems, left, scripted } = await outcome({ unseen: "AccessDenied" });
    expect(problems).toEqual(["manifests: AccessDenied"]);
    expect([scripted.sends, left]).toEqual([0, []]);
  });

  test("takes a file back that its pipeline does not have", async () => {
    const looks = [{ state: "pending", ended: false, hopeless: "two runs failed" }];
    const { left, removed, scripted } = await outcome({ looks, withdrawn: true });
    expect([scripted.removals, removed, left]).toEqual([1, 4, []]);
  });

  test("leaves nothing where nothing was sent", async () => {
    const { problems, left, scripted } = await outcome({ refused: "AccessDenied" });
    expect(problems).toEqual(["manifests: AccessDenied"]);
    expect([scripted.removals, left]).toEqual([0, []]);
  });

  test("names what could not be removed", async () => {
    const { problems, left } = await outcome({ kept: "AccessDenied" });
    expect(problems).toEqual([]);
    expect(left).toEqual([LEFT]);
    expect(left[0]).toContain("AccessDenied");
  });
});
