import { readFileSync } from "node:fs";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { LambdaFunctionEventInvokeConfig } from "@cdktf/provider-aws/lib/lambda-function-event-invoke-config";
import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import type { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import type { Declared } from "../../runtime/declared";
import { expectedAt } from "../../runtime/expected";
import type { FunctionVariables } from "../../runtime/variables";
import { contentHash } from "../code/archive";
import { bundleArchive } from "../code/bundle";
import { CodeObject } from "../code/code-object";
import { useKey } from "../encryption-key";
import type { PolicyStatement } from "../policy";
import { ServiceRole } from "../service-role";
import { FailureQueue } from "./failure-queue";
import { type FunctionNetwork, useNetworkInterfaces } from "./function-network";

/** Settings that all functions of an environment share. */
export interface FunctionSettings {
  readonly account: string;
  readonly region: string;
  /** Bucket of the bundles. */
  readonly artifacts: S3Bucket;
  /** Key of log groups and queues. */
  readonly keyArn: string;
  readonly tlsOnly: boolean;
  readonly memorySizeMegabytes: number;
  readonly timeoutSeconds: number;
  /**
   * Further attempts at an asynchronous event, 0 to 2.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html (2026-11-29)
   */
  readonly maximumRetryAttempts: number;
  /** Executions reserved for, and at most given to, single functions, by handler. @default - the account's shared pool */
  readonly reservedExecutions?: Readonly<Record<string, number>>;
  readonly logRetentionDays: number;
}

interface CommonProps<Name extends keyof FunctionVariables> {
  /** Handler file in handlers/, without its ending. */
  readonly handler: Name;
  readonly functionName: string;
  readonly description: string;
  /** Exactly the variables that the handler reads. */
  readonly variables: FunctionVariables[Name];
  /** Permissions of the function, in addition to its own logs and failure queue. */
  readonly statements: readonly PolicyStatement[];
  readonly settings: FunctionSettings;
  /** Subnets and security groups in a VPC. @default - outside of any */
  readonly network?: FunctionNetwork;
  /**
   * True where the caller waits for the answer, or asks again by itself: then no failed event is kept.
   *
   * @default false
   */
  readonly synchronous?: boolean;
}

/** What the function knows of the declared datasets, where its handler reads any of it. */
type DeclaredProps<Name> = Name extends keyof Declared
  ? { readonly declared: Declared[Name] }
  : { readonly declared?: undefined };

export type BundledFunctionProps<Name extends keyof FunctionVariables> = CommonProps<Name> &
  DeclaredProps<Name>;

/**
 * Maximum age of an event in Lambda, six hours: set explicitly, because the provider reads another value
 * otherwise.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html (2026-11-29)
 */
const MAXIMUM_EVENT_AGE_SECONDS = 21_600;

/**
 * Bytes that Lambda takes for the names and values of all variables.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (2026-11-30)
 */
const MOST_VARIABLE_BYTES = 4_096;

/** Lambda function with a role and a log group of its own, and an on-failure queue unless it is synchronous. */
export class BundledFunction<Name extends keyof FunctionVariables> extends Construct {
  readonly function: LambdaFunction;
  /** Events that failed on every attempt; undefined for a synchronous function. */
  readonly failureQueue: SqsQueue | undefined;

  constructor(scope: Construct, id: string, props: BundledFunctionProps<Name>) {
    super(scope, id);
    const { settings } = props;
    checkVariables(props.handler, props.variables);
    const logGroup = new CloudwatchLogGroup(this, "log-group", {
      name: `/aws/lambda/${props.functionName}`,
      retentionInDays: settings.logRetentionDays,
      kmsKeyId: settings.keyArn,
    });
    const failures = props.synchronous ? undefined : this.keepFailures(props);
    this.failureQueue = failures?.queue;
    const role = new ServiceRole(this, "role", {
      roleName: props.functionName,
      description: `permissions of the function ${props.functionName}`,
      service: "lambda.amazonaws.com",
      account: settings.account,
      statements: [
        ...ownStatements(logGroup, failures, settings),
        ...(props.network ? useNetworkInterfaces(props.functionName, settings) : []),
        ...props.statements,
      ],
    });
    this.function = this.deploy(props, role, logGroup);
    if (failures) this.configureAsynchronousInvocation(failures, settings);
  }

  private keepFailures({ functionName, settings }: BundledFunctionProps<Name>): FailureQueue {
    return new FailureQueue(this, "failures", { queueName: `${functionName}-failures`, ...settings });
  }

  private deploy(
    props: BundledFunctionProps<Name>,
    role: ServiceRole,
    logGroup: CloudwatchLogGroup,
  ): LambdaFunction {
    const { settings } = props;
    const reserved = settings.reservedExecutions?.[props.handler];
    const path = bundleArchive(props.handler, props.declared);
    // from a file of its own machine the provider makes one function after another, 5 s each
    const { object, source } = new CodeObject(this, "archive", {
      file: { name: `${props.handler}.zip`, sha256: contentHash(readFileSync(path)), path },
      bucket: settings.artifacts,
    });
    return new LambdaFunction(this, "function", {
      functionName: props.functionName,
      description: props.description,
      role: role.role.arn,
      runtime: "nodejs22.x",
      architectures: ["arm64"],
      handler: "index.handler",
      s3Bucket: object.bucket,
      s3Key: object.key,
      sourceCodeHash: Fn.filebase64sha256(source),
      memorySize: settings.memorySizeMegabytes,
      timeout: settings.timeoutSeconds,
      ...(reserved === undefined ? {} : { reservedConcurrentExecutions: reserved }),
      environment: { variables: { ...props.variables } },
      ...(props.network === undefined ? {} : { vpcConfig: props.network }),
      loggingConfig: { logFormat: "JSON", logGroup: logGroup.name },
      dependsOn: role.policies,
    });
  }

  private configureAsynchronousInvocation({ queue }: FailureQueue, settings: FunctionSettings): void {
    new LambdaFunctionEventInvokeConfig(this, "asynchronous-invocation", {
      functionName: this.function.functionName,
      maximumEventAgeInSeconds: MAXIMUM_EVENT_AGE_SECONDS,
      maximumRetryAttempts: settings.maximumRetryAttempts,
      destinationConfig: { onFailure: { destination: queue.arn } },
    });
  }
}

/**
 * Checks that the variables have room. A value that is known only at the deploy counts as its token.
 *
 * @throws Error where they have none
 */
function checkVariables(handler: string, variables: Readonly<Record<string, string>>): void {
  const sizes = Object.entries(variables).map(([name, value]) => name.length + Buffer.byteLength(value));
  const bytes = sizes.reduce((sum, each) => sum + each, 0);
  if (bytes <= MOST_VARIABLE_BYTES) return;
  const expected = `at most ${MOST_VARIABLE_BYTES} bytes (Lambda takes no more)`;
  throw new Error(expectedAt(`variables of the function ${handler}`, expected, bytes));
}

function ownStatements(
  logGroup: CloudwatchLogGroup,
  failures: FailureQueue | undefined,
  settings: FunctionSettings,
): PolicyStatement[] {
  return [
    {
      sid: "WriteOwnLogs",
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
      resources: [`${logGroup.arn}:*`],
    },
    ...(failures === undefined
      ? []
      : [
          { sid: "KeepFailedEvents", actions: ["sqs:SendMessage"], resources: [failures.arn] },
          useKey("Message", settings.keyArn, settings.region, "read-write"),
        ]),
  ];
}
