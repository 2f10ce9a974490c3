import { describe, expect, test } from "@jest/globals";
import { accountCheck, regionCheck } from "../../../../cli/operator/doctor/settings/credentials";
import { placeholdersCheck } from "../../../../cli/operator/doctor/settings/placeholders";
import { servicesCheck } from "../../../../cli/operator/doctor/settings/services";
import { loadEnvironment } from "../../../../environments/schema";
import { filledIn, type Given, look } from "./examined";

/** AWS's list, in which a region has all but the services `lacking`. */
function listed(lacking: readonly string[], region = "eu-south-2"): Given {
  const isThere = (name: string) => !lacking.some((each) => name.endsWith(`${region}/services/${each}`));
  return {
    environment: filledIn(() => ({ region })),
    answers: {
      parameters: {
        GetParametersCommand: ({ Names }: { Names: readonly string[] }) => {
          expect(Names.length).toBeLessThanOrEqual(10);
          // a name that AWS's list has not is of no meaning, wherever
          const there = Names.filter((name) => isThere(name) && !name.endsWith("/athena"));
          return { Parameters: there.map((Name) => ({ Name })) };
        },
      },
    },
  };
}

describe("placeholders", () => {
  test("are found in the files as they come", async () => {
    expect(await look(placeholdersCheck, { environment: loadEnvironment("dev") })).toContainEqual({
      status: "failure",
      message: "account is 111111111111, an example",
      wayOut: "set account to your own",
    });
  });

  test.each([
    ["123456789012", 1],
    ["222222222222", 1],
    ["111122223333", 0],
    ["000000000000", 0],
  ])("the account %s is %d", async (account, count) => {
    const found = await look(placeholdersCheck, { environment: filledIn(() => ({ account })) });
    expect(found.filter(({ status }) => status === "failure")).toHaveLength(count);
  });

  test.each([
    ["a@example.org", 1],
    ["a@mail.example", 1],
    ["a@example.com.au", 1],
    ["a@my-example.com", 0],
    ["example@team.io", 0],
  ])("the address %s is %d", async (email, count) => {
    const environment = filledIn(({ alerts }) => ({ alerts: { ...alerts, emails: [email] } }));
    const found = await look(placeholdersCheck, { environment });
    const messages = found.filter(({ status }) => status === "failure").map(({ message }) => message);
    expect(messages).toEqual(Array(count).fill(`alerts.emails[0] is ${email}, an example`));
  });

  test("are none in what is filled in", async () => {
    expect(await look(placeholdersCheck)).toEqual([{ status: "ok", message: "none left" }]);
  });
});

describe("the credentials", () => {
  test.each([
    [
      "of the environment's account",
      "111122223333",
      { status: "ok", message: "arn:aws:iam::111122223333:user/me" },
    ],
    [
      "of another account",
      "999988887777",
      {
        status: "failure",
        message: "arn:aws:iam::999988887777:user/me is of account 999988887777, not of 111122223333",
        wayOut: expect.stringContaining("use credentials of 111122223333"),
      },
    ],
  ])("%s", async (_, account, finding) => {
    const arn = `arn:aws:iam::${account}:user/me`;
    expect(
      await look(accountCheck, { caller: async () => ({ account, arn, aheadMilliseconds: 0 }) }),
    ).toEqual([finding]);
  });

  test("that are none", async () => {
    const caller = () =>
      Promise.reject(Object.assign(new Error("no providers"), { name: "CredentialsProviderError" }));
    expect(await look(accountCheck, { caller })).toEqual([
      expect.objectContaining({
        status: "failure",
        message: "no credentials that work: no providers",
        wayOut: expect.stringMatching(/^log in to \d{12} \(aws sso login\), or set AWS_PROFILE$/),
      }),
    ]);
  });

  test("that AWS does not tell of are not checked", async () => {
    const caller = () => Promise.reject(Object.assign(new Error("slow down"), { name: "Throttling" }));
    expect(await look(accountCheck, { caller })).toEqual([
      expect.objectContaining({ status: "not checked" }),
    ]);
  });

  test.each([
    [{}, { status: "ok", message: "us-east-1" }],
    [
      { AWS_REGION: "us-east-1", AWS_DEFAULT_REGION: "eu-west-1" },
      { status: "ok", message: "us-east-1" },
    ],
    [
      { AWS_DEFAULT_REGION: "eu-west-1" },
      {
        status: "warning",
        message: "AWS_DEFAULT_REGION is eu-west-1, and the environment lives in us-east-1",
        wayOut: "export AWS_DEFAULT_REGION=us-east-1, or pass --region to other tools",
      },
    ],
  ])("in a shell with %j", async (variables, finding) => {
    expect(await look(regionCheck, { machine: { variables } })).toEqual([finding]);
  });
});

describe("the region", () => {
  test("with all services", async () => {
    expect(await look(servicesCheck, listed([]))).toEqual([
      { status: "ok", message: "eu-south-2 has all that the platform uses" },
    ]);
  });

  test("without two of them", async () => {
    expect(await look(servicesCheck, listed(["scheduler", "rds"]))).toEqual([
      {
        status: "failure",
        message: "eu-south-2 lacks scheduler, rds",
        wayOut: "choose another region in the environment's file",
      },
    ]);
  });

  test("without RDS, which an existing server does not need", async () => {
    const given = listed(["rds"]);
    const { ledger, ...others } = given.environment ?? filledIn();
    const environment = {
      ...others,
      ledger: { ...ledger, postgres: { ...ledger.postgres, server: "existing" as const } },
    };
    expect(await look(servicesCheck, { ...given, environment })).toMatchObject([{ status: "ok" }]);
  });

  test("where the list is not there", async () => {
    const answers = { parameters: { GetParametersCommand: () => ({ InvalidParameters: [] }) } };
    expect(await look(servicesCheck, { answers })).toEqual([
      expect.objectContaining({ status: "not checked", missing: "AWS's public list of services by region" }),
    ]);
  });
});
