export interface EventObject {
  key: string;
  version?: string;
  size?: number;
  sequencer?: string;
  bucket?: string;
  name?: string;
}

/** One record of an S3 event, in the shape that AWS documents; the key is encoded as S3 does. */
export function s3Record(object: EventObject) {
  return {
    eventVersion: "2.1",
    eventSource: "aws:s3",
    awsRegion: "us-east-1",
    eventTime: "2026-01-31T12:00:00.000Z",
    eventName: object.name ?? "ObjectCreated:Put",
    s3: {
      s3SchemaVersion: "1.0",
      bucket: { name: object.bucket ?? "raw", arn: `arn:aws:s3:::${object.bucket ?? "raw"}` },
      object: {
        key: encodeURIComponent(object.key).replaceAll("%2F", "/").replaceAll("%20", "+"),
        size: object.size ?? 12,
        eTag: "d41d8cd98f00b204e9800998ecf8427e",
        versionId: object.version ?? "v1",
        sequencer: object.sequencer ?? "0055AED6DCD90281E5",
      },
    },
  };
}

export function s3Event(...objects: EventObject[]) {
  return { Records: objects.map(s3Record) };
}

/**
 * An event of S3 in the envelope of a topic, as it stands in a queue that is subscribed to it.
 *
 * @see https://github.com/aws-powertools/powertools-lambda-python/pull/2169 (2026-11-30)
 */
export function throughTopic(event: object) {
  return {
    Type: "Notification",
    MessageId: "fc1d0d34-a507-4e10-b3e6-b501eb8f200c",
    TopicArn: "arn:aws:sns:us-east-1:111122223333:landing",
    Subject: "Amazon S3 Notification",
    Message: JSON.stringify(event),
    Timestamp: "2026-01-31T12:00:01.093Z",
    SignatureVersion: "1",
    Signature: "YCHohFb0KkCbgXIXRbAECYdspV061Ho4XFly2nbxbrE=",
    SigningCertURL: "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
    UnsubscribeURL: "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
  };
}

/**
 * An event of S3 as a function that is subscribed to a topic gets it.
 *
 * @see https://github.com/mozilla-services/buildhub/issues/281 (2026-11-30)
 */
export function fromTopic(event: object) {
  const { SigningCertURL, UnsubscribeURL, ...notification } = throughTopic(event);
  return {
    Records: [
      {
        EventSource: "aws:sns",
        EventVersion: "1.0",
        EventSubscriptionArn:
          "arn:aws:sns:us-east-1:111122223333:landing:6f58cee8-f2fb-4173-8d7a-da440bfdbb70",
        Sns: {
          ...notification,
          SigningCertUrl: SigningCertURL,
          UnsubscribeUrl: UnsubscribeURL,
          MessageAttributes: {},
        },
      },
    ],
  };
}

/**
 * An event of S3 as EventBridge delivers it to a function, or as it stands in a queue; the key is not encoded.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html (2026-11-30)
 */
export function fromBus({
  key,
  version = "v1",
  size = 12,
  sequencer = "617f08299329d189",
  ...of
}: EventObject) {
  const bucket = of.bucket ?? "raw";
  return {
    version: "0",
    id: "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": of.name ?? "Object Created",
    source: "aws.s3",
    account: "111122223333",
    time: "2026-01-31T12:00:00Z",
    region: "us-east-1",
    resources: [`arn:aws:s3:::${bucket}`],
    detail: {
      version: "0",
      bucket: { name: bucket },
      object: { key, size, etag: "b1946ac92492d2347c6235b4d2611184", "version-id": version, sequencer },
      "request-id": "N4N7GDK58NMKJ12R",
      requester: "123456789012",
      "source-ip-address": "1.2.3.4",
      reason: "PutObject",
    },
  };
}

/** A "Glue Job State Change" event as EventBridge delivers it. */
export function jobStateChange(state: string, jobName = "uploads-job", message = "", jobRunId = "jr_1") {
  return {
    version: "0",
    "detail-type": "Glue Job State Change",
    source: "aws.glue",
    account: "000000000000",
    region: "us-east-1",
    detail: { jobName, severity: "INFO", state, jobRunId, message },
  };
}
