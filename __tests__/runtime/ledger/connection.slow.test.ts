import { connect as connectTo, createServer, type Server, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { ClientBase } from "pg";
import { LedgerConnection } from "../../../runtime/ledger/connection";
import { LedgerUnreachableError } from "../../../runtime/ledger/errors";
import type { LedgerVariables } from "../../../runtime/variables";
import { LEDGER_VARIABLES, type RealLedger, startLedger } from "../../handlers/support/ledger";
import { eventually } from "../../support/eventually";

const APPLICATION = "connection test";
/** What a call may take; longer than any of these takes on a slow machine. */
const LIMIT_MS = 300_000;

let ledger: RealLedger;
const open: LedgerConnection[] = [];

beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger.stop());
beforeEach(async () => {
  await ledger.rows(
    "CREATE TABLE public.counted (n integer); GRANT ALL ON public.counted TO ledger_registrar",
  );
});
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.close();
  await ledger.rows("DROP TABLE public.counted");
});

function connect(
  at: Pick<LedgerVariables, "LEDGER_HOST" | "LEDGER_PORT"> = LEDGER_VARIABLES,
): LedgerConnection {
  const variables = { ...LEDGER_VARIABLES, ...at };
  const visitor = {
    login: "tributary_registrar",
    role: "ledger_registrar",
    application: APPLICATION,
  } as const;
  const connection = new LedgerConnection(variables, visitor);
  open.push(connection);
  return connection;
}

const cutAll = () =>
  ledger.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", [
    APPLICATION,
  ]);

const count = (client: ClientBase) => client.query("INSERT INTO public.counted VALUES (1)");

const counted = async () => (await ledger.rows("SELECT * FROM public.counted")).length;

/** Work that counts, and whose connection is cut so many times when it did. */
function cutAfter(times: number) {
  let calls = 0;
  const work = async (client: ClientBase) => {
    await count(client);
    if (++calls <= times) await cutAll();
    await client.query("SELECT 1");
  };
  return { work, calls: () => calls };
}

describe("a connection", () => {
  test("acts as its role, and is kept", async () => {
    const connection = connect();
    const who = async (client: ClientBase) => {
      const { rows } = await client.query(
        "SELECT session_user, current_user, pg_backend_pid() AS pid, current_setting('lock_timeout') AS wait",
      );
      return rows[0];
    };
    const first = await connection.once(who, LIMIT_MS);
    expect(first).toMatchObject({
      session_user: "tributary_registrar",
      current_user: "ledger_registrar",
      wait: "30s",
    });
    expect(await connection.once(who, LIMIT_MS)).toEqual(first);
  });

  test("undoes what fails, tells the error, and goes on", async () => {
    const connection = connect();
    const broken = connection.repeatedly(async (client) => {
      await count(client);
      await client.query("SELECT 1/0");
    }, LIMIT_MS);
    await expect(broken).rejects.toThrow("division by zero");
    const own = connection.once(async (client) => {
      await count(client);
      throw new TypeError("a mistake");
    }, LIMIT_MS);
    await expect(own).rejects.toThrow(TypeError);
    await connection.once(count, LIMIT_MS);
    expect(await counted()).toBe(1);
  });

  test("is made again where it was cut between two calls", async () => {
    const connection = connect();
    await connection.once(count, LIMIT_MS);
    await cutAll();
    await connection.once(count, LIMIT_MS);
    expect(await counted()).toBe(2);
  });

  test("is made again where the server fell between two calls", async () => {
    const connection = connect();
    await connection.once(count, LIMIT_MS);
    await ledger.server.crashAndRestart();
    await connection.once(count, LIMIT_MS);
    expect(await counted()).toBe(2);
  });

  test("tells of work that was cut, and does not repeat it", async () => {
    const { work, calls } = cutAfter(1);
    await expect(connect().once(work, LIMIT_MS)).rejects.toThrow(LedgerUnreachableError);
    expect([calls(), await counted()]).toEqual([1, 0]);
  });

  test.each([
    [1, 1],
    [2, 0],
  ])("repeats work that may be repeated once: cut %i times, it is done %i times", async (times, done) => {
    const { work, calls } = cutAfter(times);
    const outcome = await connect()
      .repeatedly(work, LIMIT_MS)
      .catch((error: unknown) => error);
    expect(outcome instanceof LedgerUnreachableError).toBe(done === 0);
    expect([calls(), await counted()]).toEqual([2, done]);
  });

  test("repeats what the server rolled back for the sake of others", async () => {
    await ledger.rows("INSERT INTO public.counted VALUES (1), (2)");
    let calls = 0;
    let held = 0;
    const lock = (first: number, second: number) => async (client: ClientBase) => {
      calls++;
      await client.query("UPDATE public.counted SET n = n WHERE n = $1", [first]);
      held++;
      await eventually("two calls that hold a row each", () => held > 1);
      await client.query("UPDATE public.counted SET n = n WHERE n = $1", [second]);
    };
    await Promise.all([connect().once(lock(1, 2), LIMIT_MS), connect().once(lock(2, 1), LIMIT_MS)]);
    expect(calls).toBeGreaterThan(2);
  });

  test("ends a statement before the time is over", async () => {
    const late = connect().once((client) => client.query("SELECT pg_sleep(3600)"), 5_000);
    await expect(late).rejects.toThrow("statement timeout");
  });

  test("leaves nothing running of what was given up", async () => {
    const connection = connect();
    const work = connection.once((client) => client.query("SELECT pg_sleep(3600)"), LIMIT_MS);
    const given = expect(work).rejects.toThrow("Connection terminated");
    const running = () =>
      ledger.rows("SELECT FROM pg_stat_activity WHERE application_name = $1 AND query LIKE '%sleep%'", [
        APPLICATION,
      ]);
    await eventually("its statement", async () => (await running()).length > 0);
    await connection.close();
    await given;
    await eventually("its end", async () => (await running()).length === 0);
  });
});

describe("a network that says nothing", () => {
  let proxy: Server;
  let isToBeSilent = false;
  const silent = new Set<Socket>();
  const sockets: Socket[] = [];

  beforeAll(async () => {
    proxy = createServer((client) => {
      const upstream = connectTo(ledger.server.socket);
      sockets.push(client, upstream);
      client.on("data", (data) => {
        if (isToBeSilent) silent.add(client);
        isToBeSilent = false;
        if (!silent.has(client)) upstream.write(data);
      });
      upstream.on("data", (data) => client.write(data));
      for (const socket of [client, upstream]) socket.on("error", () => undefined);
    });
    await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });

  test("costs a kept connection five seconds, and a new one is made", async () => {
    const { port } = proxy.address() as { port: number };
    const connection = connect({ LEDGER_HOST: "127.0.0.1", LEDGER_PORT: String(port) });
    await connection.once(count, LIMIT_MS);
    isToBeSilent = true;
    await connection.once(count, LIMIT_MS);
    expect(silent.size).toBe(1);
    expect(await counted()).toBe(2);
  });
});
