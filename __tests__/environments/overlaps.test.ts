import { describe, expect, test } from "@jest/globals";
import { overlapProblems } from "../../environments/schema/overlaps";

const ACCOUNT = "123456789012";

function problemsOf(name: string, files: Readonly<Record<string, unknown>>): string[] {
  return overlapProblems(name, new Map(Object.entries(files)));
}

describe("environments of one account", () => {
  test.each([
    ["another's name goes on", "dev-eu", { dev: { account: ACCOUNT }, "dev-eu": { account: ACCOUNT } }],
    [
      "another's project goes on",
      "eu",
      { dev: { account: ACCOUNT, project: "lake" }, eu: { account: ACCOUNT, project: "lake-dev" } },
    ],
  ])("are refused where %s", (_, name, files) => {
    const [problem, ...others] = problemsOf(name, files);
    expect(problem).toMatch(
      new RegExp(
        `^environments/files.ts: ${name}: expected another name, project or account than one that begins with \\w+-dev- `,
      ),
    );
    expect(others).toEqual([]);
    expect(problemsOf("dev", files)).toEqual([]);
  });

  test.each([
    ["are in two accounts", { dev: { account: ACCOUNT }, "dev-eu": { account: "210987654321" } }],
    ["have names that only begin alike", { dev: { account: ACCOUNT }, dev2: { account: ACCOUNT } }],
    ["have files with other problems", { dev: { account: 1 }, "dev-eu": {} }],
  ])("are taken where they %s", (_, files) => {
    expect(Object.keys(files).flatMap((name) => problemsOf(name, files))).toEqual([]);
  });
});
