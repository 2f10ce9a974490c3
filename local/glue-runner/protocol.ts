import type { IncomingMessage, ServerResponse } from "node:http";

export type JsonObject = Record<string, unknown>;

/** An error of Glue's API, as its clients see it: its name and a message. */
export class GlueError extends Error {
  constructor(
    override readonly name:
      | "AlreadyExistsException"
      | "ConcurrentRunsExceededException"
      | "EntityNotFoundException"
      | "IllegalWorkflowStateException"
      | "InternalServiceException"
      | "InvalidInputException",
    message: string,
  ) {
    super(message);
  }
}

const CONTENT_TYPE = "application/x-amz-json-1.1";
const TARGET_PREFIX = "AWSGlue.";

/**
 * The operation that a request names ("StartJobRun"), or "" where it is no call of Glue's: these are POSTs to the root. The
 * emulator answers other targets as something else, its health check even to strangers.
 */
export function operationOf({ method, url, headers }: IncomingMessage): string {
  const target = headers["x-amz-target"];
  const isCall = method === "POST" && url === "/" && typeof target === "string";
  return isCall && target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : "";
}

export function sendResult(response: ServerResponse, result: JsonObject): void {
  response.writeHead(200, { "content-type": CONTENT_TYPE });
  response.end(JSON.stringify(result));
}

export function sendError(response: ServerResponse, error: GlueError): void {
  const status = error.name === "InternalServiceException" ? 500 : 400;
  response.writeHead(status, { "content-type": CONTENT_TYPE });
  response.end(JSON.stringify({ __type: error.name, Message: error.message }));
}

export function sendTooLarge(response: ServerResponse): void {
  response.writeHead(413).end();
}

/** Glue's timestamps: seconds since 1970, to the millisecond. */
export function now(): number {
  return Date.now() / 1000;
}

/**
 * Page of `items` that `request` asks for by MaxResults and NextToken (ours is the index of its first item).
 */
export function page<Item>(
  items: readonly Item[],
  request: JsonObject,
): { items: Item[]; next: { NextToken?: string } } {
  const start = request["NextToken"] === undefined ? 0 : Number(request["NextToken"]);
  if (!Number.isInteger(start) || start < 0) {
    throw new GlueError("InvalidInputException", `unknown NextToken ${String(request["NextToken"])}`);
  }
  const end = start + Number(request["MaxResults"] ?? 100);
  return { items: items.slice(start, end), next: end < items.length ? { NextToken: String(end) } : {} };
}
