import { VISIBILITY_SECONDS } from "../../../constructs/queue-with-dead-letters";
import { alertSource, type Environment } from "../../../environments/schema";
import { fileLimitArguments } from "../file-limit-arguments";

/** Buckets, tables and queue that the job reads and writes. */
export interface ManifestsJobPlaces {
  readonly manifestsQueueUrl: string;
  readonly manifestsBucket: string;
  readonly curatedBucket: string;
  readonly quarantineBucket: string;
  readonly controlTable: string;
}

/** Arguments of the job `manifests_stream`; a test compares the names with those that the script reads. */
export function manifestsJobArguments(
  environment: Environment,
  places: ManifestsJobPlaces,
): Record<string, string> {
  const { manifests } = environment;
  return {
    aws_region: environment.region,
    manifests_queue_url: places.manifestsQueueUrl,
    manifests_bucket: places.manifestsBucket,
    curated_bucket: places.curatedBucket,
    quarantine_bucket: places.quarantineBucket,
    audit: environment.storage.audit.enabled ? "on" : "off",
    control_table: places.controlTable,
    undeclared_columns: String(environment.storage.undeclaredColumns),
    event_source: alertSource(environment),
    environment: environment.name,
    engine: manifests.engine,
    slots: String(manifests.slots),
    poll_seconds: String(manifests.pollSeconds),
    visibility_seconds: String(VISIBILITY_SECONDS),
    ...fileLimitArguments(environment),
  };
}
