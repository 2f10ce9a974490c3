import type { STSClient } from "@aws-sdk/client-sts";

/**
 * Clock of AWS, as the client's newest answer has it, up to a second late; this machine's before any. Orders
 * are compared with the starts of runs: a machine that is a minute behind would ask a run to end that seems
 * to have begun after the order, and one that is ahead would end the next run, too.
 */
export function awsClock(sts: STSClient): () => Date {
  let aheadMilliseconds = 0;
  sts.middlewareStack.add(
    (next) => async (call) => {
      const answer = await next(call);
      const { headers = {} } = answer.response as { headers?: Record<string, string> };
      // the header tells the whole second that has begun
      const time = Date.parse(headers["date"] ?? "") + 999;
      if (!Number.isNaN(time)) aheadMilliseconds = time - Date.now();
      return answer;
    },
    { step: "deserialize", name: "watchDate" },
  );
  return () => new Date(Date.now() + aheadMilliseconds);
}
