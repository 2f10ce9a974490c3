import { describe, expect, test } from "@jest/globals";
import { candidates } from "../../../cli/operator/completion/candidates";
import { operatorProgram } from "../../../cli/operator/program";
import { ROOT } from "../../../setup/paths";
import { outcomeOf } from "../../support/outcome";

const PROGRAM = operatorProgram(() => {});
const VALUES = { "--environment": async () => ["dev", "local"] };

describe("completion", () => {
  test.each([
    ["tributary sta", ["status"]],
    ["tributary sca", []],
    ["tributary manifests re", ["reprocess", "restart", "resume"]],
    ["tributary manifests scale --w", ["--wait", "--workers"]],
    ["tributary status --pipeline ", ["ledger", "manifests", "uploads"]],
    ["tributary status --environment l", ["local"]],
    ["tributary logs ledger-b", ["ledger-batch"]],
  ])("of %j is %j", async (line, words) => {
    expect(await candidates(PROGRAM, line, VALUES)).toEqual(words);
  });

  test("is asked for by bash, as the script that it prints says", async () => {
    const line = "tributary describe --";
    const script = [
      `tributary() { ${process.execPath} cli/tributary.js "$@"; }`,
      'eval "$(tributary completion bash)"',
      // bash's own words for what it asks: the command of -C, with the line and the place of the cursor
      "asked=$(complete -p tributary | sed \"s/.*-C '\\(.*\\)' tributary/\\1/\")",
      `COMP_LINE=${JSON.stringify(line)} COMP_POINT=${line.length} eval "$asked"`,
    ].join("\n");
    const { code, stdout } = await outcomeOf(["bash", "-ec", script], ROOT, {});
    expect({ code, words: stdout.trim().split("\n") }).toEqual({
      code: 0,
      words: ["--environment", "--help", "--json", "--lines", "--save"],
    });
  });
});
