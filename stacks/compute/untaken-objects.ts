import { Construct } from "constructs";
import { BundledFunction, type FunctionSettings } from "../../constructs/functions/bundled-function";
import { scheduleRounds } from "../../constructs/functions/invocations";
import type { PolicyStatement } from "../../constructs/policy";
import { datasetsOf, declaredDatasets, outermostPrefixes } from "../../datasets/schema/datasets";
import { type Environment, functionName, metricNamespace, processedPrefix } from "../../environments/schema";
import type { StorageStack } from "../storage/stack";

export interface UntakenObjectsProps {
  readonly environment: Environment;
  readonly storage: StorageStack;
  /** Settings that all functions of the environment share. */
  readonly settings: FunctionSettings;
}

/** Looks for objects of the raw bucket that no dataset takes, for no event tells of them. */
export class UntakenObjects extends Construct {
  constructor(scope: Construct, id: string, { environment, storage, settings }: UntakenObjectsProps) {
    super(scope, id);
    const name = functionName(environment, "untaken-objects");
    const processed = outermostPrefixes(datasetsOf("ledger")).map(processedPrefix);
    const taken = [...outermostPrefixes(declaredDatasets()), ...processed];
    const looked = lookedPrefixes(environment, taken);
    const finder = new BundledFunction(this, "finder", {
      handler: "untaken-objects",
      functionName: name,
      description: "counts objects of the raw bucket that no dataset takes",
      variables: {
        RAW_BUCKET: storage.raw.bucket,
        S3_PATH_STYLE: String(environment.storage.pathStyle),
        ENVIRONMENT: environment.name,
        METRIC_NAMESPACE: metricNamespace(environment),
      },
      declared: { taken, looked },
      statements: [listObjects(storage, looked)],
      settings: { ...settings, memorySizeMegabytes: 256, timeoutSeconds: 120 },
      synchronous: true,
    });
    scheduleRounds(this, "finder", finder.function, {
      scheduleName: name,
      description: "the looks for objects that no dataset takes",
      rateMinutes: environment.storage.raw.untakenMinutes,
      account: environment.account,
    });
  }
}

/**
 * Returns where all should be taken: in a bucket of our own everywhere, in one that others use, too, below the first
 * folders of the datasets' prefixes.
 */
function lookedPrefixes({ storage }: Environment, taken: readonly string[]): string[] {
  if (storage.raw.existing === undefined) return [""];
  return [...new Set(taken.map((prefix) => prefix.slice(0, prefix.indexOf("/") + 1)))];
}

function listObjects({ raw }: StorageStack, looked: readonly string[]): PolicyStatement {
  return {
    sid: "ListObjects",
    actions: ["s3:ListBucket"],
    resources: [raw.arn],
    condition: { StringLike: { "s3:prefix": looked.map((prefix) => `${prefix}*`) } },
  };
}
