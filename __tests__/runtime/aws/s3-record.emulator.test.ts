import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import {
  CreateBucketCommand,
  type NotificationConfiguration,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { policyDocument } from "../../../constructs/policy";
import { loadEnvironment } from "../../../environments/schema";
import { ACCOUNT, REGION } from "../../../local/emulator/emulator";
import { type LocalAws, startLocalAws } from "../../../local/platform/aws";
import { clientsOf } from "../../../local/platform/clients";
import { parseEvent, readCreatedObject, recordsOf } from "../../../runtime/aws/s3-record";
import { eventPatterns, messageFilter } from "../../../stacks/compute/raw-events";

const PREFIX = "in put/örders/";
const KEY = `${PREFIX}a+b 1.tsv`;

let folder: string;
let aws: LocalAws;
let s3: S3Client;
let sqs: SQSClient;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tributary-events-"));
  aws = await startLocalAws({ folder, report: () => {} });
  const { settings } = clientsOf(aws);
  s3 = new S3Client({ ...settings, forcePathStyle: true });
  sqs = new SQSClient(settings);
});

afterAll(async () => {
  await aws.stop();
  rmSync(folder, { recursive: true });
});

const arnOf = (service: string, name: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;

/** Policy that admits all services: who may send is not asked here. */
function admitted(service: "sqs" | "sns", name: string): Record<string, string> {
  const actions = [service === "sqs" ? "sqs:SendMessage" : "sns:Publish"];
  const statement = { sid: "All", principal: "*" as const, actions, resources: [arnOf(service, name)] };
  return { Policy: policyDocument([statement]) };
}

/** Ways of a bucket's events into a queue of its name. */
const WAYS: Record<string, (name: string) => Promise<NotificationConfiguration>> = {
  notified: async (name) => ({
    QueueConfigurations: [{ QueueArn: arnOf("sqs", name), Events: ["s3:ObjectCreated:*"] }],
  }),
  told: async (name) => {
    const sns = new SNSClient(clientsOf(aws).settings);
    const { TopicArn } = await sns.send(
      new CreateTopicCommand({ Name: name, Attributes: admitted("sns", name) }),
    );
    await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol: "sqs",
        Endpoint: arnOf("sqs", name),
        Attributes: {
          FilterPolicyScope: "MessageBody",
          FilterPolicy: JSON.stringify(messageFilter(loadEnvironment("dev"), [PREFIX])),
        },
      }),
    );
    return { TopicConfigurations: [{ TopicArn, Events: ["s3:ObjectCreated:*"] }] };
  },
  routed: async (name) => {
    const events = new EventBridgeClient(clientsOf(aws).settings);
    const [pattern] = eventPatterns(name, [PREFIX]);
    await events.send(new PutRuleCommand({ Name: name, EventPattern: JSON.stringify(pattern) }));
    const Targets = [{ Id: name, Arn: arnOf("sqs", name) }];
    await events.send(new PutTargetsCommand({ Rule: name, Targets }));
    return { EventBridgeConfiguration: {} };
  },
};

test.each(Object.keys(WAYS))(
  "an object of a bucket is announced once, as it is, where it is %s",
  async (name) => {
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({ QueueName: name, Attributes: admitted("sqs", name) }),
    );
    await s3.send(new CreateBucketCommand({ Bucket: name }));
    const VersioningConfiguration = { Status: "Enabled" } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration }));
    const NotificationConfiguration = await WAYS[name]?.(name);
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: name, NotificationConfiguration }));
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket: name, Key: KEY, Body: "id\n1\n" }));
    const created = [];
    for (let polls = 0; polls < 5 && created.length === 0; polls++) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      created.push(...Messages.flatMap(({ Body }) => recordsOf(parseEvent(Body)).map(readCreatedObject)));
    }
    expect(created).toEqual([
      {
        bucket: name,
        key: KEY,
        version: VersionId,
        size: 5,
        sequencer: expect.stringMatching(/^[0-9A-F]{64}$/),
      },
    ]);
  },
);
