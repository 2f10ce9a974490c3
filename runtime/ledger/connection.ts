/**
 * Connection to the ledger that outlives the invocations of a function, and is made again after it was lost.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ClientBase, type ClientConfig, DatabaseError } from "pg";
import type { LedgerVariables } from "../variables";
import { connectionConfig, type LedgerVisitor } from "./access";
import { LedgerUnreachableError } from "./errors";

export type LedgerWork<Result> = (client: ClientBase) => Promise<Result>;

/** SQLSTATEs of a transaction that the server rolled back by itself: deadlock, serialization failure. */
const ROLLED_BACK = new Set(["40P01", "40001"]);
/** SQLSTATEs by which the server ends, or ends this session. */
const ENDING = /^(08|57P0[1-5])/;
const TRIES = 5;
const LONGEST_PAUSE_MS = 200;
/**
 * Time limit of BEGIN, which never takes so long: the connection of a function that was frozen is lost
 * without notice.
 */
const BEGIN_MS = 5_000;
/** Part of the time that is kept for the answer. */
const RESERVE_MS = 2_000;

/**
 * Connects a client; the caller ends it.
 *
 * @throws LedgerUnreachableError when no connection can be made, also where the server rejects the login
 * @throws LedgerSecretError when the secret holds no login
 */
export async function connectLedger(
  variables: LedgerVariables,
  visitor: LedgerVisitor,
  more: Pick<ClientConfig, "statement_timeout" | "lock_timeout"> = {},
): Promise<Client> {
  const client = new Client({ ...(await connectionConfig(variables, visitor)), ...more });
  // An idle connection that breaks says so by an event, which would end the process if nobody heard it.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw new LedgerUnreachableError(error);
  }
}

/** Connection for one caller at a time. */
export class LedgerConnection {
  #client: Client | undefined;

  constructor(
    private readonly variables: LedgerVariables,
    private readonly visitor: LedgerVisitor,
  ) {}

  /**
   * Runs work that must not be done twice in a transaction: it is repeated only where the server rolled it
   * back, or where a kept connection proves dead before the transaction began.
   *
   * @param limitMs time for everything; the server ends a statement two seconds earlier
   * @throws LedgerUnreachableError when the connection broke: whether the work was done is then unknown
   */
  once<Result>(work: LedgerWork<Result>, limitMs: number): Promise<Result> {
    return this.#run(work, Date.now() + limitMs, false);
  }

  /**
   * Runs work that detects by itself whether it was done: it is repeated once after a broken connection, too.
   *
   * @param limitMs time for everything; the server ends a statement two seconds earlier
   * @throws LedgerUnreachableError when the connection broke a second time, or the time is over
   */
  repeatedly<Result>(work: LedgerWork<Result>, limitMs: number): Promise<Result> {
    return this.#run(work, Date.now() + limitMs, true);
  }

  /** Ends the connection; the next work makes another one. */
  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  async #run<Result>(work: LedgerWork<Result>, deadline: number, isRepeatable: boolean): Promise<Result> {
    let mayReconnect = isRepeatable;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#transaction(work, deadline);
      } catch (error) {
        if (error instanceof LedgerUnreachableError) {
          await this.close();
          if (!mayReconnect || Date.now() > deadline) throw error;
          mayReconnect = false;
        } else if (!ROLLED_BACK.has(codeOf(error)) || attempt === TRIES) {
          throw error;
        }
        await sleep(Math.random() * LONGEST_PAUSE_MS);
      }
    }
  }

  async #transaction<Result>(work: LedgerWork<Result>, deadline: number): Promise<Result> {
    const client = await this.#begin(deadline);
    try {
      const result = await answered(client, deadline - Date.now(), work(client));
      await answered(client, deadline - Date.now(), client.query("COMMIT"));
      return result;
    } catch (error) {
      if (!(error instanceof LedgerUnreachableError)) {
        await answered(client, BEGIN_MS, client.query("ROLLBACK")).catch(() => this.close());
      }
      throw error;
    }
  }

  /** Begins a transaction, on a new connection where the kept one is dead: nothing was sent on that yet. */
  async #begin(deadline: number): Promise<Client> {
    const statementMs = Math.max(1, Math.floor(deadline - Date.now() - RESERVE_MS));
    const begin = `BEGIN; SET LOCAL statement_timeout = ${statementMs}`;
    if (this.#client) {
      try {
        await answered(this.#client, BEGIN_MS, this.#client.query(begin));
        return this.#client;
      } catch {
        await this.close();
      }
    }
    this.#client = await connectLedger(this.variables, this.visitor);
    await answered(this.#client, BEGIN_MS, this.#client.query(begin));
    return this.#client;
  }
}

/**
 * Awaits the result of the work.
 *
 * @throws LedgerUnreachableError when the connection breaks meanwhile, or no answer comes within so many
 *   milliseconds
 */
async function answered<Result>(
  client: Client,
  milliseconds: number,
  work: Promise<Result>,
): Promise<Result> {
  let broken: unknown;
  const hear = (error: unknown) => {
    broken = error;
  };
  client.on("error", hear);
  const late = new AbortController();
  const silence = sleep(Math.max(0, milliseconds), undefined, late).then(() => {
    throw new LedgerUnreachableError(`no answer within ${milliseconds} ms`);
  });
  try {
    return await Promise.race([work, silence]);
  } catch (error) {
    const isLost = broken !== undefined || ENDING.test(codeOf(error));
    throw isLost ? new LedgerUnreachableError(error) : error;
  } finally {
    client.off("error", hear);
    late.abort();
    silence.catch(() => undefined);
  }
}

function codeOf(error: unknown): string {
  return error instanceof DatabaseError ? (error.code ?? "") : "";
}
