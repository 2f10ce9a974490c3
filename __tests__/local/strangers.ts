import { once } from "node:events";
import { type IncomingMessage, request as open } from "node:http";
import { text } from "node:stream/consumers";
import { STSClient } from "@aws-sdk/client-sts";
import { REGION, ROOT_CREDENTIALS } from "../../local/emulator/emulator";

/** A plain HTTP request to a local service. */
export interface PlainRequest {
  readonly method: "DELETE" | "GET" | "OPTIONS" | "POST" | "PUT";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Signing {
  /** Name of the service in the signature, such as `lambda`. */
  readonly service: string;
  /** @default - of this run's root */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Host that the request names. @default - the endpoint's */
  readonly host?: string;
}

/** Signs a request, for protocols that our SDK clients do not speak and for what they would not send. */
export async function signed(
  endpoint: string,
  request: PlainRequest,
  { service, credentials = ROOT_CREDENTIALS, host = new URL(endpoint).host }: Signing,
): Promise<PlainRequest> {
  const { protocol, hostname } = new URL(endpoint);
  const { headers } = await (await signerOf(endpoint, service, credentials)).sign({
    ...request,
    protocol,
    hostname,
    headers: { ...request.headers, host },
  });
  return { ...request, headers };
}

/** Returns a request of S3 whose target has its signature, which says nothing of its body. */
export async function presigned(endpoint: string, request: PlainRequest): Promise<PlainRequest> {
  const { protocol, hostname, host } = new URL(endpoint);
  const headers = { host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
  const signer = await signerOf(endpoint, "s3", ROOT_CREDENTIALS);
  const { query = {} } = await signer.presign({ ...request, protocol, hostname, headers });
  const parameters = Object.entries(query).map(
    ([name, value]) => `${name}=${encodeURIComponent(String(value))}`,
  );
  return { ...request, path: `${request.path}?${parameters.join("&")}` };
}

async function signerOf(endpoint: string, service: string, credentials: NonNullable<Signing["credentials"]>) {
  const client = new STSClient({ endpoint, region: REGION, credentials });
  const signer = await client.config.signer({
    name: "sigv4",
    signingName: service,
    signingRegion: REGION,
    properties: {},
  });
  client.destroy();
  return signer as typeof signer & { presign: (typeof signer)["sign"] };
}

/** Sends a request as it is, its Host header and target included; returns the answer's status, headers and text. */
export async function send(endpoint: string, { method, path, headers, body }: PlainRequest) {
  const { hostname, port } = new URL(endpoint);
  const outgoing = open({ hostname, port, method, path, headers, agent: false });
  outgoing.end(body);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: answer.statusCode, headers: answer.headers, text: await text(answer) };
}

const PAGE = "https://evil.example";
const STRANGER = { accessKeyId: "test", secretAccessKey: "test" };

/** The answers to all of them: status, and whether a page could read them. */
export async function answersToStrangers(
  endpoint: string,
  call: PlainRequest,
  service: string,
): Promise<Readonly<Record<string, string>>> {
  const answers: Record<string, string> = {};
  for (const [who, request] of Object.entries(await strangersCalls(endpoint, call, service))) {
    const { status = 0, headers } = await send(endpoint, request);
    const isReadable = headers["access-control-allow-origin"] !== undefined;
    answers[who] = isReadable
      ? "readable by a page"
      : status >= 400 && status < 500
        ? "refused"
        : `${status}`;
  }
  return answers;
}

/**
 * A call as a page in a browser of this machine sends it, or a neighbour: another user. None of them knows the secret;
 * where a page's request is signed nevertheless, it shows that the page alone is the reason of a refusal.
 */
async function strangersCalls(
  endpoint: string,
  call: PlainRequest,
  service: string,
): Promise<Readonly<Record<string, PlainRequest>>> {
  const own = await signed(endpoint, call, { service });
  const by = (more: Record<string, string>) => ({ ...own, headers: { ...own.headers, ...more } });
  const plain = { ...call, headers: { ...call.headers, "content-type": "text/plain", origin: PAGE } };
  const rebound = `evil.example:${new URL(endpoint).port}`;
  const asAccount = { accessKeyId: "000000000000", secretAccessKey: "test" };
  return {
    "a page's text/plain": plain,
    "a page's form": {
      ...plain,
      headers: { ...plain.headers, "content-type": "application/x-www-form-urlencoded" },
    },
    "a page's preflight": {
      method: "OPTIONS",
      path: call.path,
      headers: { origin: PAGE, "access-control-request-method": call.method },
    },
    "a page, signed": by({ origin: PAGE }),
    "a page without origin, signed": by({ "sec-fetch-site": "cross-site" }),
    "a page of another port, signed": by({ "sec-fetch-site": "same-site" }),
    "a rebound name, signed": await signed(endpoint, call, { service, host: rebound }),
    "a neighbour": call,
    "a neighbour who names root alone": {
      ...call,
      headers: {
        ...call.headers,
        authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/x/aws4_request`,
      },
    },
    "a neighbour who signs by the emulator's own secret": await signed(endpoint, call, {
      service,
      credentials: STRANGER,
    }),
    "a neighbour who signs as the account": await signed(endpoint, call, { service, credentials: asAccount }),
    "a neighbour of the old signature": {
      ...call,
      headers: { ...call.headers, authorization: "AWS test:c2lnbmVk" },
    },
    "a neighbour who presigns": {
      ...call,
      path: `${call.path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20260101%2F${REGION}%2F${service}%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature=0`,
    },
    "a neighbour who quotes": {
      ...call,
      headers: {
        ...call.headers,
        authorization:
          "AWS4-HMAC-SHA256 Credential=EntityNotFoundException InvalidAction, SignedHeaders=host, Signature=0",
        "x-amz-date": "20260101T000000Z",
      },
    },
  };
}
