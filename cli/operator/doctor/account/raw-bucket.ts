import {
  GetBucketLocationCommand,
  GetBucketNotificationConfigurationCommand,
  type GetBucketNotificationConfigurationCommandOutput,
  GetBucketVersioningCommand,
} from "@aws-sdk/client-s3";
import { datasetsOf, outermostPrefixes } from "../../../../datasets/schema/datasets";
import { bucketName } from "../../../../environments/schema";
import { type Check, type Finding, failure, ok, otherwiseOk, warning } from "../check";

/** Looks up whether a raw bucket that was there before is as the pipelines need it, for nothing is set on it here. */
export const rawBucketCheck: Check = {
  group: "account",
  name: "raw bucket",
  actions: ["s3:GetBucketVersioning", "s3:GetBucketLocation", "s3:GetBucketNotification"],
  look: async ({ aws, environment }) => {
    const { existing } = environment.storage.raw;
    if (existing === undefined) return [ok("made by the deploy")];
    const asked = { Bucket: bucketName(environment, "raw"), ExpectedBucketOwner: environment.account };
    try {
      const { Status } = await aws.s3.send(new GetBucketVersioningCommand(asked));
      const { LocationConstraint } = await aws.s3.send(new GetBucketLocationCommand(asked));
      const told = await aws.s3.send(new GetBucketNotificationConfigurationCommand(asked));
      return otherwiseOk(
        [
          ...versioning(existing.bucket, Status),
          ...region(existing.bucket, LocationConstraint || "us-east-1", environment.region),
          ...events(existing, told, environment.pipelines.flatMap(prefixes)),
        ],
        `${existing.bucket}, with versions and events`,
      );
    } catch (error) {
      if ((error as Error).name === "NoSuchBucket") {
        return [
          failure(`${existing.bucket} is not there`, { wayOut: "correct storage.raw.existing.bucket" }),
        ];
      }
      throw error;
    }
  },
};

function versioning(bucket: string, status: string | undefined): Finding[] {
  if (status === "Enabled") return [];
  const message = `${bucket} keeps no versions: a file that comes again could not be told from a second event of the first`;
  return [failure(message, { wayOut: "ask its owner to switch versioning on" })];
}

function region(bucket: string, found: string, wanted: string): Finding[] {
  if (found === wanted) return [];
  return [
    failure(`${bucket} is in ${found}, not in ${wanted}`, {
      wayOut: "correct storage.raw.existing or region",
    }),
  ];
}

function prefixes(pipeline: Parameters<typeof datasetsOf>[0]): string[] {
  return outermostPrefixes(datasetsOf(pipeline));
}

function events(
  { bucket, events: way }: { readonly bucket: string; readonly events: string },
  told: GetBucketNotificationConfigurationCommandOutput,
  wanted: readonly string[],
): Finding[] {
  if (way === "eventbridge") {
    if (told.EventBridgeConfiguration !== undefined) return [];
    const message = `${bucket} sends no events to EventBridge: files wait for the reconcilers`;
    return [failure(message, { wayOut: "ask its owner to switch EventBridge on for the bucket" })];
  }
  const to = (told.TopicConfigurations ?? []).filter(({ TopicArn }) => TopicArn === way);
  const covers = (prefix: string) =>
    to.some(
      ({ Events = [], Filter }) =>
        Events.includes("s3:ObjectCreated:*") &&
        (Filter?.Key?.FilterRules ?? []).every(
          ({ Name, Value = "" }) => Name?.toLowerCase() === "prefix" && prefix.startsWith(Value),
        ),
    );
  const missing = wanted.filter((prefix) => !covers(prefix));
  if (missing.length === 0) return [];
  const message = `${bucket} does not tell ${way} of all objects that are created below ${missing.join(", ")}`;
  return [
    warning(message, {
      wayOut: "ask its owner to notify the topic of s3:ObjectCreated:* there, or wait for the reconcilers",
    }),
  ];
}
