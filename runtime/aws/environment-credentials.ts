/**
 * Replaces the SDK's default credential chain in the bundles: Lambda passes a function its credentials as
 * variables, and the chain's other providers (SSO, web identity, metadata, processes) would double the
 * bundle.
 */

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * Provider of the credentials in the function's environment; same name and form as the SDK's own.
 *
 * @throws Error when the variables are missing: the code runs outside of Lambda
 */
export function defaultProvider(): () => Promise<Credentials> {
  return async () => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
    if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
      throw new Error(
        "no credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; run inside Lambda or set both",
      );
    }
    return {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
    };
  };
}

/** Name of the chain among the providers that the signer of RDS tokens brings along. */
export const fromNodeProviderChain = defaultProvider;
