import { GetRoleCommand, type IAMClient, ListOpenIDConnectProvidersCommand } from "@aws-sdk/client-iam";
import { applyRoleName, planRoleName } from "../../../../environments/schema";
import { type Check, failure, ok, warning } from "../check";

/** Host of the tokens that GitHub gives to workflows. */
const GITHUB = "token.actions.githubusercontent.com";

/** Looks up what lets CI plan and deploy. It is no failure to have none of it. */
export const ciCheck: Check = {
  group: "account",
  name: "access for CI",
  actions: ["iam:ListOpenIDConnectProviders", "iam:GetRole"],
  look: async ({ aws, environment }) => {
    const { OpenIDConnectProviderList: providers = [] } = await aws.iam.send(
      new ListOpenIDConnectProvidersCommand({}),
    );
    const hasProvider = providers.some(({ Arn = "" }) => Arn.endsWith(`oidc-provider/${GITHUB}`));
    const roles = [planRoleName(environment), applyRoleName(environment)];
    const missing = await missingRoles(aws.iam, roles);
    if (missing.length === roles.length) return [ok("none prepared: deploys come from a shell")];
    const lacking = [...(hasProvider ? [] : [`the OIDC provider ${GITHUB}`]), ...missing];
    if (lacking.length === 0) return [ok(`${roles.join(", ")}, by OIDC`)];
    const wayOut = `npm run bootstrap -- --environment ${environment.name} --github OWNER/REPO`;
    return [warning(`${lacking.join(" and ")} of what CI needs is missing`, { wayOut })];
  },
};

/** Looks up the roles that alone may upload code. */
export const deployersCheck: Check = {
  group: "account",
  name: "deployers",
  actions: ["iam:GetRole"],
  look: async ({ aws, environment }) => {
    const { deployers } = environment;
    if (deployers.length === 0) return [ok("all whose policies let them")];
    const whole = deployers.filter((role) => !role.includes("*")).map(nameOf);
    const missing = await missingRoles(aws.iam, whole);
    if (missing.length === 0) return [ok(deployers.join(", "))];
    const message = `${missing.join(", ")} of deployers is no role of the account`;
    const wayOut = `create it, or name the role that deploys in environments/${environment.name}.ts`;
    return [
      missing.length === deployers.length
        ? failure(`${message}: nobody but the account's owner can upload code`, { wayOut })
        : warning(message, { wayOut }),
    ];
  },
};

/** Name of a role that is given with its path. */
function nameOf(role: string): string {
  return role.slice(role.lastIndexOf("/") + 1);
}

async function missingRoles(client: IAMClient, roles: readonly string[]): Promise<string[]> {
  const missing = await Promise.all(
    roles.map(async (RoleName) => {
      try {
        await client.send(new GetRoleCommand({ RoleName }));
        return [];
      } catch (error) {
        if (/^NoSuchEntity/.test((error as Error).name)) return [RoleName];
        throw error;
      }
    }),
  );
  return missing.flat();
}
