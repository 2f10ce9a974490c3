import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from "node:http";
import { buffer } from "node:stream/consumers";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Forwards a request unchanged, its Host header included, which is part of the signature. Its target is sent as a path
 * whatever it is: resolved as an address it could name another server, whose answer would stand for the emulator's.
 */
export async function passOn(endpoint: string, request: IncomingMessage, body: Buffer): Promise<Answer> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const onward = send(endpoint, {
      path: request.url,
      method: request.method,
      headers: request.headers,
      setHost: false,
    });
    onward.on("response", resolve).on("error", reject).end(body);
  });
  return { status: answer.statusCode ?? 500, headers: answer.headers, body: await buffer(answer) };
}

export function sendAnswer(response: ServerResponse, { status, headers, body }: Answer): void {
  const { "transfer-encoding": _, connection: __, ...kept } = headers;
  response.writeHead(status, kept).end(body);
}
