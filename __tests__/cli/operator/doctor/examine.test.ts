import { describe, expect, test } from "@jest/globals";
import { type Check, notChecked, ok } from "../../../../cli/operator/doctor/check";
import { CHECKS } from "../../../../cli/operator/doctor/checks";
import { once } from "../../../../cli/operator/doctor/examination";
import { examine } from "../../../../cli/operator/doctor/examine";
import { loadEnvironment } from "../../../../environments/schema";
import { CommandError } from "../../../../setup/errors";
import { awsError } from "../../../handlers/support/doubles";
import { examination, filledIn, look } from "./examined";

const REMOTE = CHECKS.filter(({ actions }) => actions.length > 0).map(
  (check) => [check.name, check] as const,
);

/** An environment in which every check has something to ask. */
function demanding() {
  const { network, deployers, manifests } = loadEnvironment("prod");
  const existing = { bucket: "landing", events: "eventbridge" };
  return filledIn(({ storage }) => ({
    network,
    deployers,
    manifests,
    storage: { ...storage, raw: { ...storage.raw, existing } },
  }));
}

function check(
  look: Check["look"],
  actions: readonly string[] = ["glue:GetJob", "lambda:GetFunction"],
): Check {
  return { group: "settings", name: "a check", actions, look };
}

function thrown(name: string, fields: object = {}, message = name): Error {
  return Object.assign(awsError(name, message), { $metadata: {} }, fields);
}

const DENIED =
  "User: arn:aws:iam::111122223333:user/me is not authorized to perform: glue:GetJob on resource: x";

describe("an error of a check", () => {
  test.each([
    ["a denied action", thrown("AccessDeniedException", {}, DENIED), "permission glue:GetJob"],
    [
      "a denial that names nothing",
      thrown("403", { $metadata: { httpStatusCode: 403 } }),
      "permission glue:GetJob or lambda:GetFunction",
    ],
    [
      "a denial of a HEAD, which has no body",
      thrown("UnknownError", { $metadata: { httpStatusCode: 403 } }),
      "permission glue:GetJob or lambda:GetFunction",
    ],
    ["EC2's denial", thrown("UnauthorizedOperation"), "permission glue:GetJob or lambda:GetFunction"],
    [
      "an expired session",
      thrown("ExpiredToken", {}, "it has expired"),
      "credentials that work (it has expired)",
    ],
    [
      "a token that is none, by 403",
      thrown("InvalidClientTokenId", { $metadata: { httpStatusCode: 403 } }, "invalid"),
      "credentials that work (invalid)",
    ],
    ["an operation that is unknown", thrown("UnknownOperationException"), "service Glue or Lambda"],
    [
      "an answer that says nothing",
      thrown("Unknown", { $metadata: { httpStatusCode: 400 } }),
      "service Glue or Lambda",
    ],
    [
      "a fault of the service",
      thrown("Oops", { $metadata: { httpStatusCode: 503 } }),
      "service Glue or Lambda",
    ],
    [
      "a host that is not there",
      Object.assign(new Error("x"), { code: "ENOTFOUND" }),
      "service Glue or Lambda",
    ],
    [
      "a refused connection",
      new Error("x", { cause: Object.assign(new Error(), { code: "ECONNREFUSED" }) }),
      "service Glue or Lambda",
    ],
    ["silence", thrown("TimeoutError"), "an answer of Glue or Lambda in time"],
    ["too many calls", thrown("ThrottlingException"), "a moment in which AWS throttles no calls; try again"],
    ["any other answer", thrown("Odd", {}, "what?"), "an answer of Glue or Lambda (Odd: what?)"],
  ])("%s", async (_, error, missing) => {
    const made = look(check(() => Promise.reject(error)));
    expect(await made).toEqual([notChecked(missing)]);
  });

  test("that says what to do is told as it is", async () => {
    const made = look(check(() => Promise.reject(new CommandError("a checkout that synthesizes (oops)"))));
    expect(await made).toEqual([notChecked("a checkout that synthesizes (oops)")]);
  });

  test("of this program is a failure, with its place", async () => {
    const [finding] = await look(check(() => Promise.reject(new TypeError("x is undefined"))));
    expect(finding).toMatchObject({
      status: "failure",
      message: expect.stringMatching(/^the check itself is wrong: TypeError: x is undefined\n {4}at /),
    });
  });

  test.each(REMOTE)("%s: a permission that is missing", async (_, each) => {
    const denied = thrown("AccessDenied", { $metadata: { httpStatusCode: 403 } }, DENIED);
    const given = {
      environment: demanding(),
      otherwise: () => denied,
      caller: () => Promise.reject(denied),
      functions: [{ name: "manifests-builder" as const, codeSha256: "", reserved: 0 }],
    };
    const answering = {
      ...given,
      caller: async () => ({ account: "111122223333", arn: "", aheadMilliseconds: 0 }),
    };
    const asksSts = each.actions.includes("sts:GetCallerIdentity");
    expect(await look(each, asksSts ? given : answering)).toEqual([notChecked("permission glue:GetJob")]);
  });
});

describe("checks", () => {
  const options = {
    limitMilliseconds: 10_000,
    pauseMilliseconds: 0,
    signal: new AbortController().signal,
    onEnd: () => undefined,
  };

  test("of one run are made concurrently, and shown in their order", async () => {
    let release = () => {};
    const second = new Promise<void>((resolve) => {
      release = resolve;
    });
    const ended: number[] = [];
    const results = await examine(
      [
        check(async () => {
          await second;
          return [ok("first")];
        }),
        check(async () => {
          release();
          return [ok("second"), ok("third")];
        }),
      ],
      examination({}),
      { ...options, onEnd: (count) => ended.push(count) },
    );
    expect(results.map(({ message }) => message)).toEqual(["first", "second", "third"]);
    expect(ended).toEqual([1, 2]);
  });

  test.each([
    [1, ok("at last")],
    [4, ok("at last")],
    [5, notChecked("a moment in which AWS throttles no calls; try again")],
  ])("that AWS throttles are made again: after %s times", async (times, found) => {
    let looks = 0;
    const throttled = check(async () => {
      looks += 1;
      if (looks <= times) throw thrown("ThrottlingException");
      return [ok("at last")];
    });
    expect(await examine([throttled], examination({}), options)).toMatchObject([found]);
    expect(looks).toBe(Math.min(times + 1, 5));
  });

  test("that share a question ask it again where AWS throttled it, and once otherwise", async () => {
    const errors = [thrown("ThrottlingException"), thrown("AccessDenied")];
    let asked = 0;
    const question = once(async () => {
      asked += 1;
      throw errors.shift();
    });
    await expect(question()).rejects.toMatchObject({ name: "ThrottlingException" });
    for (const _ of [1, 2]) await expect(question()).rejects.toMatchObject({ name: "AccessDenied" });
    expect(asked).toBe(2);
  });

  test("that never end are given up", async () => {
    const results = await examine([check(() => new Promise(() => {}))], examination({}), {
      ...options,
      limitMilliseconds: 1,
    });
    expect(results).toMatchObject([{ status: "not checked", missing: "an answer within 0.001 s" }]);
  });

  test("end at Ctrl-C", async () => {
    const interruption = new AbortController();
    const made = examine([check(() => new Promise(() => {}))], examination({}), {
      ...options,
      signal: interruption.signal,
    });
    interruption.abort();
    await expect(made).rejects.toMatchObject({ name: "AbortError" });
  });

  test.each([
    ["of another account", "999988887777", "credentials of account 111122223333"],
    ["that are none", undefined, "credentials that work (ExpiredToken)"],
  ])("of the account are not made with credentials %s", async (_, account, missing) => {
    const asked: string[] = [];
    const group = (name: Check["group"]): Check => ({
      ...check(async () => {
        asked.push(name);
        return [ok(name)];
      }),
      group: name,
    });
    const caller = async () => {
      if (account === undefined) throw thrown("ExpiredToken");
      return { account, arn: "arn", aheadMilliseconds: 0 };
    };
    const checks = [group("settings"), group("account"), group("deployed")];
    const results = await examine(checks, examination({ caller }), options);
    expect(results.map(({ status, missing: lacking }) => lacking ?? status)).toEqual([
      "ok",
      missing,
      missing,
    ]);
    expect(asked).toEqual(["settings"]);
  });
});
