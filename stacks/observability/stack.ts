import { BudgetsBudget } from "@cdktf/provider-aws/lib/budgets-budget";
import { CloudwatchDashboard } from "@cdktf/provider-aws/lib/cloudwatch-dashboard";
import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
import { DataResource } from "cdktf";
import { Construct } from "constructs";
import { Alarm } from "../../constructs/alarm";
import { BundledFunction } from "../../constructs/functions/bundled-function";
import { admitInvoker } from "../../constructs/functions/invocations";
import { denyWithoutTls, type PolicyStatement, policyDocument } from "../../constructs/policy";
import {
  ALERT_FORWARDER,
  alertSource,
  alertTopicName,
  DEPLOYMENT_TAG,
  type DeployedFunction,
  deploymentTag,
  type Environment,
  failureQueueName,
  flatSettings,
  functionName,
  functionsOf,
  hasPipeline,
  type Pipeline,
  resourceName,
  SYNCHRONOUS_FUNCTIONS,
  undeliveredEventsName,
} from "../../environments/schema";
import { rawRulesOf } from "../compute/raw-events";
import { functionSettings } from "../function-settings";
import { LayerStack } from "../layer-stack";
import type { StorageStack } from "../storage/stack";
import { FIVE_MINUTES, type Watched } from "./alarm-settings";
import { alertRule } from "./alert-rule";
import { columnsAlarm } from "./columns-alarm";
import { dashboardBody } from "./dashboard";
import { LedgerAlarms } from "./ledger/alarms";
import { ManifestsAlarms } from "./manifests/alarms";
import { ruleAlarm } from "./rule-alarm";
import { untakenAlarm } from "./untaken-alarm";
import { uploadsAlarms } from "./uploads/alarms";

export interface ObservabilityStackProps {
  readonly storage: StorageStack;
}

const ALERT_DETAIL_TYPES = ["Tributary Alert", "SchemaDrift"];
/** Errors in five minutes that a builder may have: its messages come back, three times. */
const BUILDER_ERRORS = 5;

/**
 * Observability layer: alert topic, event rules, alarms, dashboard, budget. It refers to everything that it
 * watches by name, so it depends on none of it.
 */
export class ObservabilityStack extends LayerStack {
  readonly topic: SnsTopic;
  private readonly topicPolicy: SnsTopicPolicy;

  constructor(scope: Construct, environment: Environment, props: ObservabilityStackProps) {
    super(scope, environment, "observability");
    this.topic = this.alertTopic(props.storage);
    this.topicPolicy = this.admitPublishers();
    this.subscribe();
    if (environment.alerts.pagerSecrets.length > 0) this.forwardToPagers(props.storage);
    const watched = { environment, topic: this.topic, undelivered: props.storage.undeliveredEvents };
    this.routeAlertEvents(watched);
    this.undeliveredAlarm();
    for (const name of functionsOf(environment)) this.functionAlarms(name);
    this.pipelineAlarms(watched);
    new CloudwatchDashboard(this, "dashboard", {
      dashboardName: `${environment.project}-${environment.name}`,
      dashboardBody: dashboardBody(environment),
    });
    this.budget();
    this.tellSettings();
  }

  /** Keeps the settings in the state, so that a plan tells which of them changed: here, since this stack is applied last. */
  private tellSettings(): void {
    new DataResource(this, "settings", { input: flatSettings(this.environment) });
  }

  private alertTopic(storage: StorageStack): SnsTopic {
    return new SnsTopic(this, "alerts", {
      name: alertTopicName(this.environment),
      displayName: `${this.environment.project} ${this.environment.name}`,
      kmsMasterKeyId: storage.operationsKey.arn,
    });
  }

  /**
   * Admits who publishes: CloudWatch and Budgets for this account, EventBridge without a condition, for it meets none
   * ("You can't use Condition blocks in Amazon SNS topic policies for EventBridge"): with one, no alert would arrive.
   *
   * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html (2026-11-30)
   */
  private admitPublishers(): SnsTopicPolicy {
    const { arn } = this.topic;
    const publishers = ["events", "cloudwatch", "budgets"].map(
      (service): PolicyStatement => ({
        sid: `${service.charAt(0).toUpperCase()}${service.slice(1)}Publishes`,
        principal: { Service: `${service}.amazonaws.com` },
        actions: ["sns:Publish"],
        resources: [arn],
        ...(service !== "events" && {
          condition: { StringEquals: { "aws:SourceAccount": this.environment.account } },
        }),
      }),
    );
    const tls = this.environment.storage.tlsOnly ? [denyWithoutTls(["sns:Publish"], [arn])] : [];
    return new SnsTopicPolicy(this, "alerts-policy", {
      arn,
      policy: policyDocument([...publishers, ...tls]),
    });
  }

  private subscribe(): void {
    const { emails } = this.environment.alerts;
    // below a construct ids end in a hash: two addresses that differ in punctuation alone stay two
    const scope = new Construct(this, "subscriptions");
    for (const address of emails) {
      new SnsTopicSubscription(scope, `email-${address}`, {
        topicArn: this.topic.arn,
        protocol: "email",
        endpoint: address,
      });
    }
  }

  /**
   * Forwards alerts to pager services by a function that reads their addresses when it needs them: a subscription, or
   * a connection of EventBridge, would have an address with its key in the state.
   *
   * @see https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/resources/cloudwatch_event_connection (2026-11-30)
   */
  private forwardToPagers(storage: StorageStack): void {
    const { alerts, account, region } = this.environment;
    const forwarder = new BundledFunction(this, ALERT_FORWARDER, {
      handler: ALERT_FORWARDER,
      functionName: functionName(this.environment, ALERT_FORWARDER),
      description: "posts alerts to the pager services whose addresses are secrets",
      variables: { PAGER_SECRETS: JSON.stringify(alerts.pagerSecrets) },
      statements: [
        {
          sid: "ReadPagerAddresses",
          actions: ["secretsmanager:GetSecretValue"],
          // Secrets Manager adds a hyphen and six characters to a name
          resources: alerts.pagerSecrets.map(
            (name) => `arn:aws:secretsmanager:${region}:${account}:secret:${name}-??????`,
          ),
        },
      ],
      settings: {
        ...functionSettings(this.environment, storage),
        memorySizeMegabytes: 256,
        timeoutSeconds: 60,
      },
    });
    const { arn } = this.topic;
    admitInvoker(this, ALERT_FORWARDER, forwarder.function, {
      principal: "sns.amazonaws.com",
      sourceArn: arn,
    });
    new SnsTopicSubscription(this, "pagers", {
      topicArn: arn,
      protocol: "lambda",
      endpoint: forwarder.function.arn,
    });
    this.functionAlarms(ALERT_FORWARDER);
  }

  private routeAlertEvents(watched: Watched): void {
    alertRule(
      this,
      "alert-events",
      {
        rule: "alerts",
        description: "alert events of the platform's functions and jobs",
        pattern: { source: [alertSource(this.environment)], "detail-type": ALERT_DETAIL_TYPES },
      },
      watched,
    );
  }

  private undeliveredAlarm(): void {
    new Alarm(this, "undelivered-events", {
      topic: this.topic,
      alarmName: resourceName(this.environment, "undelivered-events"),
      description:
        "events that no target took wait in the queue of undelivered events; see them (tributary redrive)",
      namespace: "AWS/SQS",
      metricName: "ApproximateNumberOfMessagesVisible",
      dimensions: { QueueName: undeliveredEventsName(this.environment) },
      statistic: "Maximum",
      periodSeconds: FIVE_MINUTES,
    });
  }

  private pipelineAlarms(watched: Watched): void {
    const has = (pipeline: Pipeline) => hasPipeline(this.environment, pipeline);
    for (const rule of rawRulesOf(this.environment)) ruleAlarm(this, rule, watched);
    untakenAlarm(this, watched);
    if (has("uploads")) uploadsAlarms(this, watched);
    columnsAlarm(this, watched);
    if (has("manifests")) new ManifestsAlarms(this, "manifests", watched);
    if (has("ledger")) new LedgerAlarms(this, "ledger", watched);
  }

  private functionAlarms(id: DeployedFunction): void {
    const name = functionName(this.environment, id);
    const common = { topic: this.topic, statistic: "Sum", periodSeconds: FIVE_MINUTES } as const;
    for (const metricName of ["Errors", "Throttles"]) {
      new Alarm(this, `${id}-${metricName.toLowerCase()}`, {
        ...common,
        alarmName: resourceName(this.environment, `${id}-${metricName.toLowerCase()}`),
        description: `${metricName.toLowerCase()} of the function ${id}; look at its log group`,
        namespace: "AWS/Lambda",
        metricName,
        dimensions: { FunctionName: name },
        threshold: metricName === "Errors" && id === "manifests-builder" ? BUILDER_ERRORS : 0,
      });
    }
    if (SYNCHRONOUS_FUNCTIONS.some((name) => name === id)) return;
    new Alarm(this, `${id}-failed-events`, {
      ...common,
      statistic: "Maximum",
      alarmName: resourceName(this.environment, `${id}-failed-events`),
      description: `events that the function ${id} failed on for good wait in its on-failure queue`,
      namespace: "AWS/SQS",
      metricName: "ApproximateNumberOfMessagesVisible",
      dimensions: { QueueName: failureQueueName(this.environment, id) },
    });
  }

  private budget(): void {
    const { project, name, budget } = this.environment;
    const notification = { comparisonOperator: "GREATER_THAN", thresholdType: "PERCENTAGE" };
    const subscriberSnsTopicArns = [this.topic.arn];
    new BudgetsBudget(this, "budget", {
      name: `${project}-${name}`,
      budgetType: "COST",
      timeUnit: "MONTHLY",
      limitAmount: String(budget.monthlyDollars),
      limitUnit: "USD",
      costFilter: [
        // `$` parts the tag's key from its value in Budgets' own notation
        { name: "TagKeyValue", values: [`user:${DEPLOYMENT_TAG}$${deploymentTag(this.environment)}`] },
      ],
      notification: [
        { ...notification, threshold: 80, notificationType: "FORECASTED", subscriberSnsTopicArns },
        { ...notification, threshold: 100, notificationType: "ACTUAL", subscriberSnsTopicArns },
      ],
      // a budget must never notify a topic that does not admit it yet
      dependsOn: [this.topicPolicy],
    });
  }
}
