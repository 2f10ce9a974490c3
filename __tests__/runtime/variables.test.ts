import { describe, expect, test } from "@jest/globals";
import { MissingVariableError } from "../../runtime/errors";
import { readVariables } from "../../runtime/variables";

describe("readVariables", () => {
  test("gives the variables of the function and no others", () => {
    const environment = { UPLOADS_TABLE: "uploads", JOB_NAME: "job", PATH: "/bin" };
    expect(readVariables("uploads-trigger", environment)).toEqual({
      UPLOADS_TABLE: "uploads",
      JOB_NAME: "job",
    });
  });

  test.each([
    ["missing", {}, ["UPLOADS_TABLE", "JOB_NAME"]],
    ["empty", { UPLOADS_TABLE: "uploads", JOB_NAME: "" }, ["JOB_NAME"]],
  ])("rejects %s variables, naming each", (_, environment, named) => {
    expect(() => readVariables("uploads-trigger", environment)).toThrow(MissingVariableError);
    expect(() => readVariables("uploads-trigger", environment)).toThrow(
      `function uploads-trigger: ${named.map((name) => `environment variable ${name} is required`).join("; ")} (`,
    );
  });
});
