import { type MetricDataResult, paginateGetMetricData } from "@aws-sdk/client-cloudwatch";
import { functionName } from "../../../../environments/schema";
import { type Check, type Finding, failure, notChecked, otherwiseOk, warning } from "../check";
import type { Examination } from "../examination";
import { NOT_DEPLOYED } from "./not-deployed";

const PERIOD_SECONDS = 300;
const DAY_MILLISECONDS = 86_400_000;

/** Newest five minutes in which a function was invoked. */
interface LastInvocations {
  readonly name: string;
  readonly at: Date;
  readonly invocations: number;
  readonly errors: number;
}

/** Looks up how the last invocations of each function ended, in the five minutes of the newest one. */
export const invocationsCheck: Check = {
  group: "deployed",
  name: "last invocations",
  actions: ["lambda:GetFunctionConfiguration", "cloudwatch:GetMetricData"],
  look: async (examination) => {
    const functions = await examination.functions();
    if (functions.length === 0) return [NOT_DEPLOYED];
    const last = await lastInvocations(
      examination,
      functions.map(({ name }) => functionName(examination.environment, name)),
    );
    if (last.length === 0) return [notChecked("metrics of an invocation within a day")];
    return otherwiseOk(
      last.flatMap(finding),
      `${last.length} functions invoked within a day, none failed at last`,
    );
  },
};

function finding({ name, at, invocations, errors }: LastInvocations): Finding[] {
  if (errors === 0) return [];
  const message = `${name}: ${errors} of ${invocations} invocations failed at ${at.toISOString().slice(0, 16)}Z`;
  const way = { wayOut: `read its log: aws logs tail /aws/lambda/${name} --since 1d` };
  return [errors < invocations ? warning(message, way) : failure(message, way)];
}

async function lastInvocations(
  { aws, now }: Examination,
  names: readonly string[],
): Promise<LastInvocations[]> {
  const results: MetricDataResult[] = [];
  for await (const { MetricDataResults = [] } of paginateGetMetricData(
    { client: aws.cloudwatch },
    {
      StartTime: new Date(now.getTime() - DAY_MILLISECONDS),
      EndTime: now,
      MetricDataQueries: names.flatMap((name, index) => [
        query(`invocations${index}`, "Invocations", name),
        query(`errors${index}`, "Errors", name),
      ]),
    },
  )) {
    results.push(...MetricDataResults);
  }
  return names.flatMap((name, index) => {
    const invocations = sums(results, `invocations${index}`);
    const [newest] = [...invocations.keys()].sort((one, other) => other - one);
    if (newest === undefined) return [];
    const errors = sums(results, `errors${index}`).get(newest) ?? 0;
    return [{ name, at: new Date(newest), invocations: invocations.get(newest) ?? 0, errors }];
  });
}

function query(Id: string, MetricName: string, name: string) {
  const Dimensions = [{ Name: "FunctionName", Value: name }];
  const Metric = { Namespace: "AWS/Lambda", MetricName, Dimensions };
  return { Id, MetricStat: { Metric, Period: PERIOD_SECONDS, Stat: "Sum" } };
}

/** Sums above zero of a query by the start of their period, in milliseconds; its pages together. */
function sums(results: readonly MetricDataResult[], id: string): ReadonlyMap<number, number> {
  const pairs = results
    .filter(({ Id }) => Id === id)
    .flatMap(({ Timestamps = [], Values = [] }) =>
      Timestamps.map((time, index) => [time.getTime(), Values[index] ?? 0] as const),
    );
  return new Map(pairs.filter(([, value]) => value > 0));
}
