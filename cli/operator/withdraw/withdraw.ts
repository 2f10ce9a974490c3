import type { Pipeline } from "../../../environments/schema";
import { isCorrection } from "../../../runtime/corrections";
import { afterwards, type YesOption } from "../command/applying";
import { NothingMatched } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { textsOf } from "../letters/books";
import { findFile } from "../pipelines/find";
import { removeObjects } from "../smoke/removal";
import { withdrawRegistered } from "./ledger";
import { withdrawListed } from "./manifests";
import { noteWithdrawn, takeAway } from "./raw-versions";
import { withdrawUpload } from "./uploads";
import type { PlanWithdrawal } from "./withdrawal";

export interface WithdrawOptions extends YesOption {
  /** Keep a copy of the raw file in the quarantine bucket. */
  readonly copy?: boolean;
}

const PLANS: Readonly<Record<Pipeline, PlanWithdrawal>> = {
  uploads: withdrawUpload,
  manifests: withdrawListed,
  ledger: withdrawRegistered,
};

const NOT_REACHED =
  "not reached: older versions of objects until the buckets' lifecycles end them, backups, results of queries, what readers copied, logs";

/**
 * Takes a file out of the lake: its versions leave the raw bucket, and its pipeline publishes once more without it. Every step may be
 * repeated.
 */
export async function withdraw(
  operator: Operator,
  name: string,
  options: WithdrawOptions,
): Promise<ExitCode> {
  const { yes = false, copy = false } = options;
  for (const { key, dataset } of await findFile(operator, name)) {
    if (dataset === undefined) throw new NothingMatched(`no dataset takes ${key}`);
    if (!operator.environment.pipelines.includes(dataset.pipeline)) continue;
    const plan = await PLANS[dataset.pipeline](operator, { key, dataset });
    if (plan === undefined) continue;
    const texts = isCorrection(key) ? await textsOf(operator, key) : [];
    if (yes) {
      await plan.before?.();
      await noteWithdrawn(operator, plan.versions);
      await takeAway(operator, plan.raw, copy);
      await removeObjects(operator, plan.objects);
      await plan.after?.();
      // as long as they are there, the files of its lines are not processed again
      await removeObjects(operator, texts);
    }
    const kept = copy ? "after a copy into the quarantine bucket" : "without a copy";
    const lines = [
      `${key}, of ${dataset.name}`,
      `${plan.raw.length} versions ${yes ? "were" : "would be"} deleted from the raw bucket, ${kept}`,
      ...plan.steps,
      NOT_REACHED,
      afterwards(
        yes,
        copy ? "upload the copy again, as a new version" : "nothing: upload the file again if you have it",
      ),
    ];
    const { raw, steps } = plan;
    operator.terminal.show({ applied: yes, key, dataset: dataset.name, raw, steps }, lines.join("\n"));
    return EXIT.ok;
  }
  throw new NothingMatched(`neither a pipeline's tables nor the raw bucket know ${name}`);
}
