/** Address of the ledger, and credentials of a function that connects to it: no variable holds a password. */
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { Signer } from "@aws-sdk/rds-signer";
import type { ClientConfig } from "pg";
import { CLIENT_SETTINGS } from "../aws/clients";
import type { LedgerVariables } from "../variables";
import { RDS_AUTHORITIES } from "./authorities";
import { LedgerSecretError } from "./errors";
import type { ADMINISTRATOR, Login } from "./migrations/logins";

/** Identity of a client of the ledger. */
export interface LedgerVisitor {
  /** Login to connect as. @default - the one in PGUSER; a secret's own name takes precedence over either */
  readonly login?: Login | typeof ADMINISTRATOR;
  /** Role that the session assumes from its start. @default - the login's own */
  readonly role?: string;
  /** Name that the server's list of sessions shows. */
  readonly application: string;
}

/** Placeholders of a server on the same machine, whose host and port are in PGHOST and PGPORT. */
const FROM_SURROUNDINGS = { host: "libpq", port: "0" };
const PORT = 5432;
const CONNECT_MS = 10_000;
/**
 * Limits of a session: one that waits for a lock, or is forgotten in a transaction, must not hold up the
 * others.
 */
const SESSION = { lock_timeout: 30_000, idle_in_transaction_session_timeout: 60_000 };
/**
 * Interval, in milliseconds, at which the server checks that the client is still there: it ends the query of
 * a function that was ended.
 */
const WATCH = "-c client_connection_check_interval=1000";

/**
 * Settings of one new connection. A token is valid for 15 minutes and a secret may change, so each is fetched
 * again.
 *
 * @throws LedgerSecretError when the secret holds no login
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html (2026-11-29)
 */
export async function connectionConfig(
  variables: LedgerVariables,
  { login, role, application }: LedgerVisitor,
): Promise<ClientConfig> {
  const { LEDGER_HOST: host, LEDGER_PORT: port } = variables;
  return {
    ...(host === FROM_SURROUNDINGS.host ? {} : { host }),
    ...(port === FROM_SURROUNDINGS.port ? {} : { port: Number(port) }),
    database: variables.LEDGER_DATABASE,
    ...(await credentials(variables, login)),
    ssl: tls(variables.LEDGER_TLS),
    options: role === undefined ? WATCH : `${WATCH} -c role=${role}`,
    application_name: application,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    ...SESSION,
  };
}

async function credentials(variables: LedgerVariables, login: string | undefined): Promise<ClientConfig> {
  const user = login === undefined ? {} : { user: login };
  switch (variables.LEDGER_AUTHENTICATION) {
    case "iam":
      return { ...user, password: await token(variables, login) };
    case "secret":
      return secretLogin(variables.LEDGER_SECRET_ARN);
    case "none":
      return user;
  }
}

function token({ LEDGER_HOST, LEDGER_PORT }: LedgerVariables, login: string | undefined): Promise<string> {
  const { PGHOST = "", PGPORT, PGUSER = "" } = process.env;
  const isElsewhere = LEDGER_HOST !== FROM_SURROUNDINGS.host;
  const port = LEDGER_PORT === FROM_SURROUNDINGS.port ? (PGPORT ?? PORT) : LEDGER_PORT;
  const hostname = isElsewhere ? LEDGER_HOST : PGHOST;
  return new Signer({ hostname, port: Number(port), username: login ?? PGUSER }).getAuthToken();
}

async function secretLogin(SecretId: string): Promise<{ user: string; password: string }> {
  const client = new SecretsManagerClient(CLIENT_SETTINGS);
  try {
    const { SecretString = "{}" } = await client.send(new GetSecretValueCommand({ SecretId }));
    const { username, password } = loginOf(SecretString) ?? {};
    if (!username || !password) throw new LedgerSecretError(SecretId);
    return { user: username, password };
  } finally {
    client.destroy();
  }
}

/** Parses a secret. The parser's own error is withheld, for it would quote the secret. */
function loginOf(text: string): { username?: string; password?: string } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tls(mode: LedgerVariables["LEDGER_TLS"]): ClientConfig["ssl"] {
  switch (mode) {
    case "verify-full":
      return { ca: RDS_AUTHORITIES, rejectUnauthorized: true };
    case "require":
      return { rejectUnauthorized: false };
    case "disable":
      return false;
  }
}
