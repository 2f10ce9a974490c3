import { describe, expect, test } from "@jest/globals";
import type { Change } from "../../../../cli/plan/plan-json";
import { change, planOf, resource, rowsOf, textOf } from "./plans";

type Statement = Readonly<Record<string, unknown>>;
const policy = (...statements: readonly Statement[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (action: unknown, on: unknown, further: Statement = {}): Statement => ({
  Effect: "Allow",
  Action: action,
  Resource: on,
  ...further,
});

const rows = (address: string, of: Change, heading = "Permissions$") =>
  rowsOf(textOf(planOf([resource(address, of)])), heading).map((cells) => cells.slice(2));
const ofPolicy = (before: string, after: string) =>
  rows("aws_iam_role_policy.x", change({ policy: before }, { policy: after }));
const tls = {
  Effect: "Deny",
  Principal: "*",
  Action: "s3:*",
  Resource: "b/*",
  Condition: { Bool: { "aws:SecureTransport": "false" } },
};

describe("permissions", () => {
  test.each<[string, string, string, string[][]]>([
    [
      "nothing of the same in other words",
      policy(allow(["s3:Get", "s3:Put"], "b")),
      policy({ Sid: "x", ...allow("s3:Put", ["b"]) }, allow("s3:Get", "b")),
      [],
    ],
    [
      "actions that are gained",
      policy(allow("s3:Get", "b")),
      policy(allow(["s3:Get", "s3:Put", "s3:Tag"], "b")),
      [["**wider**", "gains Allow `s3:Put`, `s3:Tag` on `b`"]],
    ],
    [
      "actions and resources that are lost",
      policy(allow("s3:Get", ["b", "c"]), allow("s3:Put", "b")),
      policy(allow("s3:Get", "b")),
      [
        ["narrower", "loses Allow `s3:Get` on `c`"],
        ["narrower", "loses Allow `s3:Put` on `b`"],
      ],
    ],
    [
      "a wildcard",
      policy(allow("s3:Get", "b")),
      policy(allow("s3:Get", "b"), allow("s3:*", "b")),
      [["**wider, with a wildcard**", "gains Allow `s3:*` on `b`"]],
    ],
    [
      "a condition that is lost",
      policy(allow("s3:Get", ["b", "c"], { Condition: { Bool: { a: "true" } } })),
      policy(allow("s3:Get", ["b", "c"])),
      [["**wider**", "keeps Allow `s3:Get` on `b`, `c`, loses the condition `Bool a = true`"]],
    ],
    [
      "a condition that is gained",
      policy(allow("s3:Get", "b")),
      policy(allow("s3:Get", "b", { Condition: { Bool: { a: "true" } } })),
      [["narrower", "keeps Allow `s3:Get` on `b`, gains the condition `Bool a = true`"]],
    ],
    [
      "another condition",
      policy(allow("s3:Get", "b", { Condition: { StringEquals: { a: ["x", "y"] } } })),
      policy(allow("s3:Get", "b", { Condition: { StringEquals: { a: "z" } } })),
      [
        [
          "other condition",
          "keeps Allow `s3:Get` on `b`, gains the condition `StringEquals a = z`, loses the condition `StringEquals a = x or y`",
        ],
      ],
    ],
    [
      "a denial that is lost",
      policy(tls),
      policy(),
      [
        [
          "**wider, with a wildcard**",
          "loses Deny `s3:*` on `b/*` to `*` where `Bool aws:SecureTransport = false`",
        ],
      ],
    ],
    [
      "what is allowed but for something",
      policy(),
      policy({ Effect: "Allow", NotAction: ["iam:*"], Resource: "b" }),
      [["**wider, with a wildcard**", "gains Allow `all but iam:*` on `b`"]],
    ],
  ])("tell %s", (_, before, after, told) => {
    expect(ofPolicy(before, after)).toEqual(told);
  });

  test("tell principals of a trust policy", () => {
    const trust = (principal: unknown) =>
      policy({ Effect: "Allow", Principal: principal, Action: "sts:AssumeRole" });
    const of = change(
      { assume_role_policy: trust({ Service: "glue.amazonaws.com" }) },
      { assume_role_policy: trust({ Service: "glue.amazonaws.com", AWS: ["arn:aws:iam::1:root"] }) },
    );
    expect(rows("aws_iam_role.job", of)).toEqual([
      ["**wider**", "gains Allow `sts:AssumeRole` to `AWS arn:aws:iam::1:root`"],
    ]);
    expect(textOf(planOf([resource("aws_iam_role.job", of)]))).toContain("| `aws_iam_role.job` trust |");
  });

  test.each<[string, string, Change, string[][]]>([
    [
      "a function that a service may call",
      "aws_lambda_permission.x",
      change(
        {
          action: "lambda:InvokeFunction",
          function_name: "f",
          principal: "s3.amazonaws.com",
          source_account: "1",
        },
        { action: "lambda:InvokeFunction", function_name: "f", principal: "s3.amazonaws.com" },
      ),
      [
        [
          "**wider**",
          "keeps Allow `lambda:InvokeFunction` on `f` to `Service s3.amazonaws.com`, loses the condition `StringEquals aws:SourceAccount = 1`",
        ],
      ],
    ],
    [
      "a policy that is taken away",
      "aws_iam_role_policy_attachment.x",
      change({ policy_arn: "p" }, null),
      [["narrower", "loses Policy `p`"]],
    ],
    [
      "a boundary that is lost",
      "aws_iam_role.x",
      change({ permissions_boundary: "p" }, { permissions_boundary: null }),
      [["**wider**", "loses Boundary `p`"]],
    ],
    [
      "a policy that is not known yet",
      "aws_sqs_queue_policy.x",
      change({ policy: policy(tls) }, {}, { after_unknown: { policy: true } }),
      [["not known yet", "it names what is known after the apply alone"]],
    ],
    [
      "a policy that goes",
      "aws_s3_bucket_policy.x",
      change({ policy: policy(allow("s3:Get", "b")) }, null),
      [["narrower", "loses Allow `s3:Get` on `b`"]],
    ],
  ])("tell %s", (_, address, of, told) => {
    expect(rows(address, of)).toEqual(told);
  });

  test("of what is added stand by themselves, but for wildcards", () => {
    const of = change(null, { policy: policy(allow("s3:Get", "b"), allow("kms:Decrypt", "*")) });
    expect(rows("aws_iam_role_policy.x", of)).toEqual([
      ["**wider, with a wildcard**", "gains Allow `kms:Decrypt` on `*`"],
    ]);
    expect(rows("aws_iam_role_policy.x", of, "Permissions that come")).toEqual([
      ["**wider**", "gains Allow `s3:Get` on `b`"],
    ]);
  });

  test("on a key's own `*`, and of a document that stands elsewhere, are no wildcard and no news", () => {
    const key = change(null, { policy: policy(allow("kms:Decrypt", "*", { Principal: { AWS: "r" } })) });
    expect(rows("aws_kms_key.x", key)).toEqual([]);
    expect(rows("aws_kms_key.x", key, "Permissions that come")).toEqual([
      ["**wider**", "gains Allow `kms:Decrypt` to `AWS r`"],
    ]);
    const bucket = change(null, {}, { after_unknown: { policy: true } });
    expect(rows("aws_s3_bucket.x", bucket, "Permissions that come")).toEqual([]);
    expect(rows("aws_s3_bucket_policy.x", bucket, "Permissions that come")).toHaveLength(1);
  });

  test("are not told once more as a change of the text", () => {
    const before = { policy: policy(allow("s3:Get", "b")), name: "a" };
    const of = change(before, { policy: policy(), name: "b" });
    expect(rows("aws_iam_role_policy.x", of, "Changed")).toEqual([["`name`", "`a`", "`b`"]]);
  });
});
