import { paginateListSubscriptionsByTopic, type Subscription } from "@aws-sdk/client-sns";
import { alertTopicName } from "../../../../environments/schema";
import { type Check, type Finding, notChecked, otherwiseOk, warning } from "../check";

/** What SNS says instead of an ARN. */
const PENDING = "PendingConfirmation";

/** Looks up whether alerts reach each address of the settings. */
export const subscriptionsCheck: Check = {
  group: "account",
  name: "subscriptions to alerts",
  actions: ["sns:ListSubscriptionsByTopic"],
  look: async ({ aws, environment }) => {
    const { region, account, alerts } = environment;
    const TopicArn = `arn:aws:sns:${region}:${account}:${alertTopicName(environment)}`;
    const all: Subscription[] = [];
    try {
      for await (const page of paginateListSubscriptionsByTopic({ client: aws.sns }, { TopicArn })) {
        all.push(...(page.Subscriptions ?? []));
      }
    } catch (error) {
      if ((error as Error).name === "NotFoundException") return [notChecked("a deployed topic of alerts")];
      throw error;
    }
    const confirmed = all.filter(({ SubscriptionArn = "" }) => SubscriptionArn.startsWith("arn:"));
    if (alerts.emails.length + alerts.pagerSecrets.length + all.length === 0) {
      const wayOut = "set alerts.emails, and deploy";
      return [warning("nobody is told of alerts", { wayOut })];
    }
    const findings = [
      ...all.filter(({ SubscriptionArn }) => SubscriptionArn === PENDING).map(unconfirmed),
      ...alerts.emails
        .filter((email) => !all.some(({ Endpoint }) => Endpoint === email))
        .map((email) =>
          warning(`${email} is not subscribed`, { wayOut: "deploy the observability stack again" }),
        ),
    ];
    return otherwiseOk(findings, `${confirmed.length} confirmed`);
  },
};

function unconfirmed({ Endpoint = "", Protocol = "" }: Subscription): Finding {
  return warning(`${Endpoint} (${Protocol}) has not confirmed, and gets no alert`, {
    wayOut: "confirm by the link in SNS's message; it ends after three days, then deploy again",
  });
}
