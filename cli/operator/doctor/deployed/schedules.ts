import { ListRulesCommand, type Rule } from "@aws-sdk/client-eventbridge";
import { paginateGetTriggers, type Trigger } from "@aws-sdk/client-glue";
import { paginateListSchedules, type ScheduleSummary } from "@aws-sdk/client-scheduler";
import { hasPipeline } from "../../../../environments/schema";
import { type Check, ok, otherwiseOk, warning } from "../check";
import type { Examination } from "../examination";
import { isOwn, ownPrefix } from "./names";
import { NOT_DEPLOYED } from "./not-deployed";

const AGAIN = { wayOut: "enable it again, or deploy" };

/** Looks up whether somebody switched off what invokes functions by the clock. */
export const schedulesCheck: Check = {
  group: "deployed",
  name: "schedules",
  actions: ["scheduler:ListSchedules"],
  look: async ({ aws, environment }) => {
    const own: ScheduleSummary[] = [];
    for await (const { Schedules = [] } of paginateListSchedules(
      { client: aws.scheduler },
      { NamePrefix: ownPrefix(environment) },
    )) {
      own.push(...Schedules.filter(({ Name }) => isOwn(environment, Name)));
    }
    if (own.length === 0) return [NOT_DEPLOYED];
    const off = own.filter(({ State }) => State === "DISABLED");
    return otherwiseOk(
      off.map(({ Name }) => warning(`schedule ${Name} is disabled`, AGAIN)),
      `${own.length} enabled`,
    );
  },
};

/** Looks up whether somebody switched off what events are routed by. */
export const rulesCheck: Check = {
  group: "deployed",
  name: "event rules",
  actions: ["events:ListRules"],
  look: async (examination) => {
    const own = await rulesOf(examination);
    if (own.length === 0) return [NOT_DEPLOYED];
    const off = own.filter(({ State }) => State === "DISABLED");
    return otherwiseOk(
      off.map(({ Name }) => warning(`rule ${Name} is disabled`, AGAIN)),
      `${own.length} enabled`,
    );
  },
};

/** Compares the triggers of Glue's jobs with the settings. Those that somebody fires have no state to compare. */
export const triggersCheck: Check = {
  group: "deployed",
  name: "Glue's triggers",
  actions: ["glue:GetTriggers"],
  look: async ({ aws, environment }) => {
    if (!hasPipeline(environment, "ledger")) return [ok("none in the pipelines of the environment")];
    const own: Trigger[] = [];
    for await (const { Triggers = [] } of paginateGetTriggers({ client: aws.glue }, {})) {
      own.push(...Triggers.filter(({ Name }) => isOwn(environment, Name)));
    }
    if (own.length === 0) return [NOT_DEPLOYED];
    const { scheduled } = environment.ledger;
    const drifted = own.flatMap(({ Name, Type, State }) => {
      const isOn = State === "ACTIVATED";
      const isMeant = Type === "SCHEDULED" ? scheduled : Type === "CONDITIONAL";
      if (Type === "ON_DEMAND" || isOn === isMeant) return [];
      const meant = Type === "SCHEDULED" ? ` (ledger.scheduled: ${scheduled})` : "";
      const message = `trigger ${Name} is ${String(State).toLowerCase()}${meant}`;
      return [warning(message, { wayOut: "deploy, or correct ledger.scheduled" })];
    });
    return otherwiseOk(drifted, `${own.length} as the settings say`);
  },
};

async function rulesOf({ aws, environment }: Examination): Promise<Rule[]> {
  const own: Rule[] = [];
  let NextToken: string | undefined;
  do {
    const page = await aws.events.send(
      new ListRulesCommand({ NamePrefix: ownPrefix(environment), ...(NextToken ? { NextToken } : {}) }),
    );
    own.push(...(page.Rules ?? []).filter(({ Name }) => isOwn(environment, Name)));
    NextToken = page.NextToken;
  } while (NextToken);
  return own;
}
