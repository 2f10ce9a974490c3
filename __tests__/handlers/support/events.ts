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
