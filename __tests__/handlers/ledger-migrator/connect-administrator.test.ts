import { describe, expect, jest, test } from "@jest/globals";
import { DatabaseError } from "pg";
import * as server from "../../../constructs/postgres-server";
import { connectAdministrator } from "../../../handlers/ledger-migrator/connect-administrator";
import type { connectLedger } from "../../../runtime/ledger/connection";
import { LedgerUnreachableError } from "../../../runtime/ledger/errors";
import { ADMINISTRATOR } from "../../../runtime/ledger/migrations/logins";

const VARIABLES = {
  LEDGER_HOST: "ledger.example.com",
  LEDGER_PORT: "5432",
  LEDGER_DATABASE: "tributary",
  LEDGER_AUTHENTICATION: "secret",
  LEDGER_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:000000000000:secret:ledger",
  LEDGER_TLS: "verify-full",
  LOGIN_AUTHENTICATION: "iam",
} as const;

function refusing(code: string) {
  const cause = Object.assign(new DatabaseError("refused", 0, "error"), { code });
  return jest
    .fn<typeof connectLedger>()
    .mockRejectedValueOnce(new LedgerUnreachableError(cause))
    .mockResolvedValueOnce({} as Awaited<ReturnType<typeof connectLedger>>);
}

describe("the migrator's connection", () => {
  test.each(["28000", "28P01"])("shows a token where the secret is refused by %s", async (code) => {
    const connect = refusing(code);
    await connectAdministrator(VARIABLES, 1000, connect);
    expect(
      connect.mock.calls.map(([variables, visitor]) => [variables.LEDGER_AUTHENTICATION, visitor.login]),
    ).toEqual([
      ["secret", undefined],
      ["iam", "postgres"],
    ]);
  });

  test("gives up where the server has other reasons", async () => {
    await expect(connectAdministrator(VARIABLES, 1000, refusing("53300"))).rejects.toThrow("refused");
  });

  test("gives up where the logins use no tokens", async () => {
    const variables = { ...VARIABLES, LOGIN_AUTHENTICATION: "secret" } as const;
    await expect(connectAdministrator(variables, 1000, refusing("28P01"))).rejects.toThrow("refused");
  });

  test("is of the user that a managed server is made with", () => {
    expect(server.ADMINISTRATOR).toBe(ADMINISTRATOR);
  });
});
