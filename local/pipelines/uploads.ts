import { bucketName, uploadsJobName, uploadsTableName } from "../../environments/schema";
import { upload } from "../inputs/uploads";
import { keepingLogs, type PipelineContext, type PipelineOutcome } from "./pipeline";
import { settle } from "./settling";

const CUSTOMERS_PREFIX = "input/customers/";
const PATIENCE_SECONDS = 180;

/** Name of the step that lasts from the end of the uploading until each upload has its outcome. */
export const UPLOADS_STEP = "uploads pipeline";

/** CSV files as the user gave them. */
export interface UploadsInput {
  readonly folder: string;
  /** Paths below the folder. */
  readonly files: readonly string[];
}

/** Uploads CSV files as a customer would and waits until the deployed function and job are done with them. */
export async function runUploadsPipeline(
  context: PipelineContext,
  input: UploadsInput,
): Promise<PipelineOutcome> {
  const { environment, clients, signal, steps } = context;
  const target = { s3: clients.s3, bucket: bucketName(environment, "raw"), prefix: CUSTOMERS_PREFIX, signal };
  const uploads = await steps.run(`upload of ${input.files.length} CSV files`, () =>
    upload(target, input.folder, input.files),
  );
  const jobName = uploadsJobName(environment);
  const runs = await steps.run(UPLOADS_STEP, (report) => {
    const settling = settle(clients.dynamo, clients.glue, uploads, {
      table: uploadsTableName(environment),
      jobName,
      signal,
      report,
      patienceSeconds: PATIENCE_SECONDS,
    });
    return keepingLogs(context, [jobName], "job.log", settling);
  });
  return { uploads, runs: runs.length };
}
