import type { PlanPolicySettings } from "./schema/plan-policy";

/** What a plan must not do (`deny`), what needs a second look (`warn`) and what does not (`allow`): docs/plans.md has all rules. */
export const planPolicy: PlanPolicySettings = {
  // what is not named here is as by default, of every environment
  rules: {
    local: { dataLost: "warn" },
    dev: { dataLost: "warn" },
    prod: { costRise: { aboveDollars: 1000 } },
  },
  exceptions: [],
};
