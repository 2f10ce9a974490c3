import { uploadsJobName, uploadsTableName } from "../../../environments/schema";
import { readBacklog } from "../../../runtime/uploads/pending";
import type { Operator } from "../command/operator";
import { readRuns } from "../command/runs";
import type { PipelineState } from "../pipelines/state";

/** State of the uploads pipeline. Its table has an index of what is pending, and of nothing else. */
export async function uploadsState(operator: Operator): Promise<PipelineState> {
  const { aws, environment, now } = operator;
  const table = { client: aws.dynamo, name: uploadsTableName(environment) };
  const [{ uploads, oldestSeconds, isWhole }, [run]] = await Promise.all([
    readBacklog(table, now),
    readRuns(operator, 1, uploadsJobName(environment)),
  ]);
  return {
    waiting: { files: uploads, ...(isWhole ? {} : { atLeast: true }) },
    ...(uploads > 0 ? { oldestSeconds } : {}),
    ...(run && { run }),
  };
}
