/**
 * Triggers of a function from outside. Each adds its resources to the scope, under ids that begin with `id`.
 */
import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import type { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission";
import { SchedulerSchedule } from "@cdktf/provider-aws/lib/scheduler-schedule";
import type { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import type { Construct } from "constructs";
import { ServiceRole } from "../service-role";

export interface InvokerProps {
  /** Principal that invokes, e.g. `s3.amazonaws.com`. */
  readonly principal: string;
  /** ARN of the resource that it invokes on behalf of. */
  readonly sourceArn: string;
  /** Account of the resource. @default - the one in the ARN; not every service names one beside it */
  readonly account?: string;
}

/**
 * Seconds until S3 surely knows a permission that Lambda has taken: what it does not know it refuses, and the provider
 * does not try again.
 *
 * @see https://github.com/hashicorp/terraform-provider-aws/issues/19088 (2026-11-30)
 */
const SETTLE_SECONDS = 15;

/** Lets a service of this account invoke the function; what depends on that waits until the service knows it. */
export function admitInvoker(
  scope: Construct,
  id: string,
  target: LambdaFunction,
  { principal, sourceArn, account }: InvokerProps,
): LambdaPermission {
  return new LambdaPermission(scope, `${id}-permission`, {
    statementId: id,
    action: "lambda:InvokeFunction",
    functionName: target.functionName,
    principal,
    sourceArn,
    ...(account !== undefined && { sourceAccount: account }),
    // the others ask at each event, and try again
    ...(principal === "s3.amazonaws.com" && {
      provisioners: [{ type: "local-exec", command: `sleep ${SETTLE_SECONDS}` }],
    }),
  });
}

export interface EventRouteProps {
  readonly ruleName: string;
  readonly description: string;
  /** Pattern of events on the default bus. */
  readonly pattern: object;
  /** Id of the target within the rule. */
  readonly targetId: string;
  /** Queue of the events that EventBridge cannot hand to the target. */
  readonly undelivered: SqsQueue;
}

/** Function that is invoked with each event, or queue, whose policy admits the sender, that gets it as a message. */
export type EventTarget =
  | { readonly function: LambdaFunction; readonly queue?: undefined }
  | { readonly queue: SqsQueue; readonly function?: undefined };

/** The function or the queue that a target is. */
export function targetOf(target: EventTarget): LambdaFunction | SqsQueue {
  return target.function ?? target.queue;
}

/** Hands each event that matches the pattern to the target. */
export function routeEvents(scope: Construct, id: string, target: EventTarget, props: EventRouteProps): void {
  const rule = new CloudwatchEventRule(scope, id, {
    name: props.ruleName,
    description: props.description,
    eventPattern: JSON.stringify(props.pattern),
  });
  if (target.function) {
    admitInvoker(scope, id, target.function, { principal: "events.amazonaws.com", sourceArn: rule.arn });
  }
  new CloudwatchEventTarget(scope, `${id}-target`, {
    rule: rule.name,
    targetId: props.targetId,
    arn: targetOf(target).arn,
    deadLetterConfig: { arn: props.undelivered.arn },
  });
}

export interface ScheduleProps {
  readonly scheduleName: string;
  readonly description: string;
  readonly rateMinutes: number;
  /** Input of the function, as JSON. @default - the scheduler's own event */
  readonly input?: string;
  readonly account: string;
}

/**
 * Invokes the function at a fixed rate. The next round makes up for a missed one, so none is kept; that none comes
 * any more is told by an alarm on the function's silence.
 */
export function scheduleRounds(
  scope: Construct,
  id: string,
  target: LambdaFunction,
  props: ScheduleProps,
): void {
  const role = new ServiceRole(scope, `${id}-schedule-role`, {
    roleName: `${props.scheduleName}-schedule`,
    description: `invokes the function ${props.scheduleName} on schedule`,
    service: "scheduler.amazonaws.com",
    account: props.account,
    statements: [{ sid: "InvokeFunction", actions: ["lambda:InvokeFunction"], resources: [target.arn] }],
  });
  const { rateMinutes } = props;
  new SchedulerSchedule(scope, `${id}-schedule`, {
    name: props.scheduleName,
    description: props.description,
    scheduleExpression: `rate(${rateMinutes} ${rateMinutes === 1 ? "minute" : "minutes"})`,
    flexibleTimeWindow: { mode: "OFF" },
    target: {
      arn: target.arn,
      roleArn: role.role.arn,
      ...(props.input === undefined ? {} : { input: props.input }),
      retryPolicy: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 0 },
    },
    dependsOn: role.policies,
  });
}
