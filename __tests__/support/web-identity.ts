import { send, signed } from "../local/strangers";

/** Claims of a CI system's token. */
export interface Claims {
  readonly sub: string;
  /** @default - that of STS */
  readonly aud?: string;
  /** @default - GitHub */
  readonly iss?: string;
}

const SECONDS = 3600;

/**
 * Assumes a role by a token with such claims, whose signature the emulator does not check; it lets nobody in whose request is not
 * signed, which AWS asks of no one here.
 */
export async function assumeByToken(endpoint: string, role: string, claims: Claims) {
  const token = {
    aud: "sts.amazonaws.com",
    iss: "https://token.actions.githubusercontent.com",
    ...claims,
  };
  const encoded = [{ alg: "RS256" }, token].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const body = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: role,
    RoleSessionName: "workflow",
    DurationSeconds: String(SECONDS),
    WebIdentityToken: [...encoded, "unsigned"].join("."),
  });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const call = { method: "POST", path: "/", headers, body: body.toString() } as const;
  const { status, text } = await send(endpoint, await signed(endpoint, call, { service: "sts" }));
  const value = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(text)?.[1] ?? "";
  const credentials = {
    accessKeyId: value("AccessKeyId"),
    secretAccessKey: value("SecretAccessKey"),
    sessionToken: value("SessionToken"),
  };
  return { status, credentials: status === 200 ? credentials : undefined };
}
