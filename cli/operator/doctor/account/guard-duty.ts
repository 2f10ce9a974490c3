import { GetDetectorCommand, ListDetectorsCommand } from "@aws-sdk/client-guardduty";
import { type Check, ok, warning } from "../check";
import { guardDutyLink } from "../links";

/** Looks up whether GuardDuty watches the region. It is the account's owner who switches it on, for all that is there. */
export const guardDutyCheck: Check = {
  group: "account",
  name: "GuardDuty",
  actions: ["guardduty:ListDetectors", "guardduty:GetDetector"],
  look: async ({ aws, environment }) => {
    const { DetectorIds: [DetectorId] = [] } = await aws.guardduty.send(new ListDetectorsCommand({}));
    const status =
      DetectorId === undefined
        ? undefined
        : (await aws.guardduty.send(new GetDetectorCommand({ DetectorId }))).Status;
    if (status === "ENABLED") return [ok("on")];
    const way = {
      wayOut: "ask the account's owner; it costs by the events that it reads",
      link: guardDutyLink(environment.region),
    };
    return [warning(`off in ${environment.region}`, way)];
  },
};
