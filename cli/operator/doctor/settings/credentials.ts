import { type Check, type Finding, failure, ok, warning } from "../check";
import type { Examination } from "../examination";
import { lacksCredentials } from "../unchecked";

/** Variables by which AWS's tools are told a region, the first that is set. */
const REGION_VARIABLES = ["AWS_REGION", "AWS_DEFAULT_REGION"] as const;

export const accountCheck: Check = {
  group: "settings",
  name: "account of the credentials",
  actions: ["sts:GetCallerIdentity"],
  look: async ({ caller, environment }) => {
    const asked = await caller().catch((error: Error) => error);
    if (asked instanceof Error) {
      if (!lacksCredentials(asked)) throw asked;
      const wayOut = `log in to ${environment.account} (aws sso login), or set AWS_PROFILE`;
      return [failure(`no credentials that work: ${asked.message || asked.name}`, { wayOut })];
    }
    const { account, arn } = asked;
    if (account === environment.account) return [ok(arn)];
    const wayOut = `use credentials of ${environment.account} (AWS_PROFILE), or correct account in environments/${environment.name}.ts`;
    return [failure(`${arn} is of account ${account}, not of ${environment.account}`, { wayOut })];
  },
};

export const regionCheck: Check = {
  group: "settings",
  name: "region of the shell",
  actions: [],
  look: async (examination) => [regionFinding(examination)],
};

/** Commands of this project take the environment's region; others in the same shell do not. */
function regionFinding({ environment: { region }, machine }: Examination): Finding {
  const variable = REGION_VARIABLES.find((name) => machine.variables[name]);
  const set = variable === undefined ? undefined : machine.variables[variable];
  if (set === undefined || set === region) return ok(region);
  const wayOut = `export ${variable}=${region}, or pass --region to other tools`;
  return warning(`${variable} is ${set}, and the environment lives in ${region}`, { wayOut });
}
