/** A real PostgreSQL, of the major version that RDS runs, for one user alone. Its programs come as an npm package. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { spawnGroup } from "../process/process-group";
import { type Account, binariesFolder, serverAccount } from "./binaries";

export const USER = "postgres";
export const DATABASE = "tributary";
/** Names the socket only: each server has a folder of its own for it. */
const PORT = 5432;

const START_SECONDS = 120;
/** An end in order takes a moment; one that is asked for while the server recovers from a crash has been seen to hang. */
const STOP_SECONDS = 10;
const POLL_MILLISECONDS = 50;
const LOG_EXCERPT_BYTES = 2000;
/** Message of PostgreSQL while processes of a killed server still end. */
const IN_USE = "pre-existing shared memory block";

/**
 * Settings in addition to PostgreSQL's own. fsync and synchronous commit stay on: what is measured here is
 * meant.
 */
const SETTINGS = {
  listen_addresses: "",
  shared_buffers: "512MB",
  max_wal_size: "4GB",
  max_connections: "100",
  lc_messages: "C",
  jit: "off",
};

/**
 * Files that say who is let in: processes of the user who starts the server, by whatever login they name. There is no
 * password: the kernel says whose process is at the other end of a socket.
 *
 * @see https://www.postgresql.org/docs/16/auth-peer.html (2026-11-30)
 */
function admission(): Record<string, string> {
  return {
    "pg_hba.conf": "local all all peer map=starter\n",
    "pg_ident.conf": `starter "${userInfo().username}" all\n`,
  };
}

export interface PostgresOptions {
  /**
   * Folder of the server's data; it is created where it is missing, and the caller deletes it after `stop`.
   * Where root starts the server, everybody must be able to enter the folders above it.
   */
  readonly folder: string;
  /** File of the server's log. @default - postgres.log in `folder` */
  readonly log?: string;
}

/** A running server with one empty database, reached by a Unix socket in a folder that nobody else may enter. */
export class PostgresServer {
  private child: ChildProcess | undefined;
  private guard: ChildProcess | undefined;
  private readonly ended = new AbortController();

  private constructor(
    private readonly socketFolder: string,
    private readonly folder: string,
    readonly log: string,
    private readonly binaries: string,
    private readonly account: Account | undefined,
  ) {}

  /**
   * Starts a server.
   *
   * @throws Error with the end of its log where it does not come up
   */
  static async start(options: PostgresOptions): Promise<PostgresServer> {
    const { folder } = options;
    const account = serverAccount();
    mkdirSync(folder, { recursive: true });
    if (account) chownSync(folder, account.uid, account.gid);
    const binaries = binariesFolder(account, folder);
    const server = new PostgresServer(
      makeSocketFolder(account),
      folder,
      options.log ?? join(folder, "postgres.log"),
      binaries,
      account,
    );
    try {
      server.initialise();
      await server.up();
      await server.createDatabase();
      return server;
    } catch (error) {
      await server.end("SIGKILL");
      server.removeSocket();
      throw error;
    }
  }

  /** Aborted, with the reason, where the server ends before it is stopped. */
  get failure(): AbortSignal {
    return this.ended.signal;
  }

  /** Path of the socket, for clients that do not speak PostgreSQL's protocol themselves. */
  get socket(): string {
    return join(this.socketFolder, `.s.PGSQL.${PORT}`);
  }

  /** Variables of libpq, for any client. */
  get variables(): Readonly<Record<string, string>> {
    return { PGHOST: this.socketFolder, PGPORT: String(PORT), PGUSER: USER, PGDATABASE: DATABASE };
  }

  /** Creates a client, not connected yet; the user's own PGSSLMODE does not apply. */
  client(database = DATABASE): Client {
    return new Client({ host: this.socketFolder, port: PORT, user: USER, database, ssl: false });
  }

  /** Kills the server as a loss of power does, and brings it up again at the same socket. */
  async crashAndRestart(): Promise<void> {
    // the postmaster alone: those that it started end by themselves when it is gone
    await this.end("SIGKILL");
    await this.up();
  }

  /** Shuts it down regularly, without waiting for its clients. */
  async stop(): Promise<void> {
    const late = setTimeout(() => this.child?.kill("SIGQUIT"), STOP_SECONDS * 1000);
    try {
      await this.end("SIGINT");
    } finally {
      clearTimeout(late);
      this.removeSocket();
    }
  }

  private initialise(): void {
    const words = ["-D", this.data, "-U", USER, "--auth=reject", "--encoding=UTF8", "--no-locale"];
    const { status, stderr, error } = spawnSync(
      join(this.binaries, "initdb"),
      [...words, "--no-instructions"],
      this.as({ encoding: "utf8" as const }),
    );
    if (error) throw error;
    if (status !== 0) throw new Error(`initdb cannot make ${this.data}: ${stderr.trim()}`);
    const lines = Object.entries(SETTINGS).map(([name, value]) => `${name} = '${value}'\n`);
    writeFileSync(join(this.data, "postgresql.conf"), lines.join(""), { flag: "a" });
    for (const [file, text] of Object.entries(admission())) writeFileSync(join(this.data, file), text);
  }

  /** Starts the server and waits until it answers; again where processes of a killed one still end. */
  private async up(): Promise<void> {
    const deadline = performance.now() + START_SECONDS * 1000;
    let child = this.spawn();
    while (!(await this.answers())) {
      const isOver = performance.now() > deadline;
      if (isOver || (child.exitCode !== null && !this.logExcerpt().includes(IN_USE))) {
        throw new Error(`PostgreSQL does not come up: ${this.logExcerpt()}`);
      }
      await sleep(POLL_MILLISECONDS);
      if (child.exitCode !== null) child = this.spawn();
    }
    child.once("exit", this.onExit);
    this.guard = guardOf(child);
  }

  private spawn(): ChildProcess {
    const log = openSync(this.log, "a");
    try {
      const words = ["-D", this.data, "-k", this.socketFolder, "-p", String(PORT)];
      const options = this.as({ cwd: this.folder, stdio: ["ignore", log, log] as ("ignore" | number)[] });
      this.child = spawnGroup(join(this.binaries, "postgres"), words, options);
      return this.child;
    } finally {
      closeSync(log);
    }
  }

  private readonly onExit = (code: number | null, signal: string | null) =>
    this.ended.abort(new Error(`PostgreSQL ended by itself (${signal ?? `code ${code}`}); see ${this.log}`));

  private async answers(): Promise<boolean> {
    const client = this.client("postgres");
    client.on("error", () => undefined);
    try {
      await client.connect();
      return true;
    } catch {
      // Not listening, or recovering still.
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async createDatabase(): Promise<void> {
    const client = this.client("postgres");
    await client.connect();
    try {
      await client.query(`CREATE DATABASE ${DATABASE}`);
    } finally {
      await client.end();
    }
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.off("exit", this.onExit);
    this.guard?.kill("SIGKILL");
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  private removeSocket(): void {
    rmSync(this.socketFolder, { recursive: true, force: true });
  }

  private as<Options>(options: Options): Options & Partial<Account> {
    return { ...options, ...this.account };
  }

  private get data(): string {
    return join(this.folder, "data");
  }

  private logExcerpt(): string {
    try {
      return readFileSync(this.log, "utf8").slice(-LOG_EXCERPT_BYTES).trim();
    } catch {
      return "it left no log";
    }
  }
}

/** Ends the server where this process ends without stopping it: standard input then ends. */
function guardOf({ pid }: ChildProcess): ChildProcess {
  const guard = spawn("/bin/sh", ["-c", 'cat >/dev/null; kill -QUIT "$0"', String(pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.on("error", () => undefined).unref();
  return guard;
}

/** In the system's temporary folder, wherever the data lie: the path of a socket has a hundred characters at most. */
function makeSocketFolder(account: Account | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), "tributary-socket-"));
  if (account) chownSync(folder, account.uid, account.gid);
  return folder;
}
