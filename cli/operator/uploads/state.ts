import type { Dataset } from "../../../datasets/schema/datasets";
import { uploadsJobName, uploadsTableName } from "../../../environments/schema";
import { readBacklog } from "../../../runtime/uploads/pending";
import type { Operator } from "../command/operator";
import { readRuns } from "../command/runs";
import type { PipelineState } from "../pipelines/state";

/** State of the uploads pipeline or of one of its datasets. Its table has an index of what is pending, and of nothing else. */
export async function uploadsState(operator: Operator, dataset?: Dataset): Promise<PipelineState> {
  const { aws, environment, now } = operator;
  const table = { client: aws.dynamo, name: uploadsTableName(environment) };
  const [{ uploads, oldestSeconds, isWhole }, [run]] = await Promise.all([
    readBacklog(table, now, dataset?.prefix),
    readRuns(operator, 1, uploadsJobName(environment)),
  ]);
  return {
    waiting: { files: uploads, ...(isWhole ? {} : { atLeast: true }) },
    ...(uploads > 0 ? { oldestSeconds } : {}),
    ...(run && { run }),
  };
}
