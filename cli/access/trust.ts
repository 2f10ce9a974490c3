import { type Environment, GITHUB_ISSUER, oidcProviderArn } from "../../environments/schema";
import { expectedAt } from "../../runtime/expected";
import { CommandError } from "../../setup/errors";

/** CI system that may assume the roles, and as whom. */
export interface Trust {
  /** Issuer of its tokens, without `https://`. */
  readonly issuer: string;
  /** Values of `sub` that plan; each may have a `*`. */
  readonly planSubjects: readonly string[];
  /** Values of `sub` that deploy; each may have a `*`. */
  readonly applySubjects: readonly string[];
}

/** Options of the command that say whom to trust. */
export interface TrustOptions {
  readonly github?: string;
  readonly issuer?: string;
  readonly planSubject?: readonly string[];
  readonly applySubject?: readonly string[];
}

/** Audience of the tokens: that of STS, which GitHub's action and the AWS SDKs ask for. */
export const AUDIENCE = "sts.amazonaws.com";

/**
 * Reads whom to trust from the options; undefined where they name nobody.
 *
 * @throws CommandError for a repository or an issuer that is none, or an issuer without its subjects
 */
export function trustOf(
  environment: Pick<Environment, "name">,
  { github, issuer, planSubject = [], applySubject = [] }: TrustOptions,
): Trust | undefined {
  if (github !== undefined && issuer === undefined) return githubTrust(environment, github);
  if (issuer === undefined) return undefined;
  const host = /^https:\/\/([\w.-]+(?:\/[\w.~/-]*[\w~-])?)$/.exec(issuer)?.[1];
  if (host === undefined) {
    throw new CommandError(expectedAt("--issuer", "an address such as https://gitlab.com", issuer));
  }
  for (const [option, subjects] of Object.entries({
    "--plan-subject": planSubject,
    "--apply-subject": applySubject,
  })) {
    const bad = subjects.length === 0 ? undefined : subjects.find((subject) => /^\**$/.test(subject));
    if (subjects.length === 0 || bad !== undefined) {
      throw new CommandError(
        expectedAt(option, "a subject of the issuer's tokens, and not all of them", bad),
      );
    }
  }
  return { issuer: host, planSubjects: planSubject, applySubjects: applySubject };
}

const NAME = "[\\w.-]+";
const REPOSITORY = new RegExp(`^${NAME}(@\\d+)?/${NAME}(@\\d+)?$`);

/**
 * Trusts the workflows of a repository of GitHub, in two of its environments: `plan-<name>` plans, `<name>` deploys.
 * Tokens of a repository that was created, renamed or moved since July 2026 name owner and repository with their
 * numbers, so that nobody who takes over a name takes over its rights: then the repository is given as
 * `OWNER@ID/REPO@ID`. A `*` for the numbers would match other repositories of the owner, through the names of
 * their environments.
 *
 * @throws CommandError for what is no repository
 * @see https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws (2026-11-30)
 * @see https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens (2026-11-30)
 * @see https://github.com/github/docs/pull/45221 (2026-11-30)
 */
export function githubTrust(environment: Pick<Environment, "name">, repository: string): Trust {
  const hasAllNumbers = (repository.match(/@/g) ?? []).length !== 1;
  if (!REPOSITORY.test(repository) || !hasAllNumbers) {
    throw new CommandError(expectedAt("--github", "OWNER/REPO, or OWNER@ID/REPO@ID", repository));
  }
  const subject = (name: string) => `repo:${repository}:environment:${name}`;
  return {
    issuer: GITHUB_ISSUER,
    planSubjects: [subject(`plan-${environment.name}`)],
    applySubjects: [subject(environment.name)],
  };
}

/**
 * Serializes the trust policy of a role that one of `subjects` assumes.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html (2026-11-30)
 */
export function trustPolicy(
  environment: Pick<Environment, "account">,
  { issuer }: Trust,
  subjects: readonly string[],
): string {
  const isPattern = subjects.some((subject) => subject.includes("*"));
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: oidcProviderArn(environment, issuer) },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            [`${issuer}:aud`]: AUDIENCE,
            ...(isPattern ? {} : { [`${issuer}:sub`]: subjects }),
          },
          ...(isPattern ? { StringLike: { [`${issuer}:sub`]: subjects } } : {}),
        },
      },
    ],
  });
}
