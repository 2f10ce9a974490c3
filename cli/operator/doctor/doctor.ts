import { EXIT, type ExitCode } from "../command/exit-codes";
import { disconnect, type Operator } from "../command/operator";
import { callerOf } from "./caller";
import { STATUSES, type Status } from "./check";
import { CHECKS } from "./checks";
import { connectDoctor } from "./clients";
import { checkoutCodeKeys } from "./deployed/code";
import { deployedFunctions } from "./deployed/functions";
import { type Examination, once } from "./examination";
import { examine, type Result } from "./examine";
import { THIS_MACHINE } from "./machine/machine";
import { reportText } from "./report";

const PAUSE_MILLISECONDS = 1000;

export interface DoctorOptions {
  /** Seconds that each check may take: all run at once, so about what the command takes at most. */
  readonly limit: number;
}

/** Output of `doctor --json`. */
export interface Report {
  readonly environment: string;
  readonly at: string;
  readonly findings: readonly Result[];
  /** Number of findings by their status. */
  readonly count: Readonly<Record<Status, number>>;
}

/** Looks at machine, settings, account and what is deployed, and changes nothing. */
export async function doctor(operator: Operator, { limit }: DoctorOptions): Promise<ExitCode> {
  const { environment, terminal, signal, now } = operator;
  const limitMilliseconds = limit * 1000;
  const aws = connectDoctor(environment, limitMilliseconds);
  const over = new AbortController();
  const examination: Examination = {
    environment,
    aws,
    machine: THIS_MACHINE,
    now,
    caller: once(() => callerOf(aws.sts)),
    functions: once(() => deployedFunctions(aws.lambda, environment)),
    codeKeys: once(() => checkoutCodeKeys(environment, over.signal)),
  };
  try {
    const findings = await examine(CHECKS, examination, {
      limitMilliseconds,
      pauseMilliseconds: PAUSE_MILLISECONDS,
      signal,
      onEnd: (ended) => terminal.progress(`${ended} of ${CHECKS.length} checks`),
    });
    const report: Report = {
      environment: environment.name,
      at: now.toISOString(),
      findings,
      count: counted(findings),
    };
    terminal.show(report, reportText(report));
    return report.count.failure > 0 ? EXIT.failed : EXIT.ok;
  } finally {
    over.abort();
    disconnect(aws);
  }
}

function counted(findings: readonly Result[]): Readonly<Record<Status, number>> {
  const count = (status: Status) => findings.filter((each) => each.status === status).length;
  return Object.fromEntries(STATUSES.map((status) => [status, count(status)])) as Record<Status, number>;
}
