import type { JobRun } from "@aws-sdk/client-glue";
import { uploadsJobName, uploadsTableName } from "../../environments/schema";
import type { Rounds } from "../inputs/files";
import type { Upload } from "../inputs/uploads";
import { keepingLogs, type PipelineContext, type PipelineOutcome, uploadRound } from "./pipeline";
import { settle } from "./settling";

const PATIENCE_SECONDS = 180;

/** Name of the step that lasts from the beginning of the uploading until each upload has its outcome. */
export const UPLOADS_STEP = "uploads pipeline";

/** Uploads files as a customer would and waits, round by round, until the deployed function and job are done with them. */
export async function runUploadsPipeline(context: PipelineContext, rounds: Rounds): Promise<PipelineOutcome> {
  const { environment, clients, signal, steps } = context;
  const jobName = uploadsJobName(environment);
  const uploads: Upload[] = [];
  const runs = await steps.run(UPLOADS_STEP, (report) => {
    const work = async () => {
      let runs: readonly JobRun[] = [];
      for (const files of rounds) {
        uploads.push(...(await uploadRound(context, "uploads", files)));
        runs = await settle(clients.dynamo, clients.glue, uploads, {
          table: uploadsTableName(environment),
          jobName,
          signal,
          report,
          patienceSeconds: PATIENCE_SECONDS,
        });
      }
      return runs;
    };
    return keepingLogs(context, [jobName], "job.log", work());
  });
  return { uploads, runs: runs.length };
}
