import { DatasetsError } from "../../../datasets/schema/check";
import { type Environment, EnvironmentsError } from "../../../environments/schema";
import { CommandError } from "../../../setup/errors";

/** Thrown for arguments or options that exclude each other: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Thrown when nothing matches the request: exit code 3. */
export class NothingMatched extends Error {
  override readonly name = "NothingMatched";
}

const FOR_USERS = [UsageError, NothingMatched, CommandError, DatasetsError, EnvironmentsError];

const MISSING = new Set([
  "AWS.SimpleQueueService.NonExistentQueue",
  "EntityNotFoundException",
  "NoSuchBucket",
  "QueueDoesNotExist",
  "ResourceNotFoundException",
]);

/** Codes of connections that failed. */
export const CONNECTION_ERRORS: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ECONNRESET",
]);

/**
 * Explains an error of AWS to the environment's operator, with what would help; returns the error itself
 * where that is unknown.
 */
export function explained(error: unknown, environment: Environment): unknown {
  if (!(error instanceof Error)) return error;
  const { name } = environment;
  if (MISSING.has(error.name)) {
    return new CommandError(
      `${error.message || error.name}: a part of ${name} does not exist; ` +
        `deploy it with npm run deploy -- --environment ${name}`,
      { cause: error },
    );
  }
  if (/^AccessDenied|^UnauthorizedOperation|^Forbidden|^403$/.test(error.name)) {
    return new CommandError(`the credentials do not allow this: ${error.message}`, { cause: error });
  }
  const code = codeOf(error) ?? codeOf(error.cause);
  return code === undefined ? error : new CommandError(unreachable(code), { cause: error });
}

/**
 * Message of an error. One for the user says all; AWS's own says more than its place in this program; a fault of this
 * program needs its place.
 */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (FOR_USERS.some((kind) => error instanceof kind)) return error.message;
  return "$metadata" in error ? `${error.name}: ${error.message}` : (error.stack ?? error.message);
}

/** Code of a failed connection; the cause of an error may have it. */
function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: string };
  return code !== undefined && CONNECTION_ERRORS.has(code) ? code : undefined;
}

function unreachable(code: string): string {
  const endpoint = process.env["AWS_ENDPOINT_URL"];
  if (endpoint === undefined) return `AWS is not reached (${code}); look at the network and the region`;
  return `nothing answers at AWS_ENDPOINT_URL=${endpoint} (${code}); is npm start -- --keep still running?`;
}
