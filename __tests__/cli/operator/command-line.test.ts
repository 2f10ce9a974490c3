import { type AddressInfo, createServer } from "node:net";
import { devNull } from "node:os";
import { describe, expect, jest, test } from "@jest/globals";
import type { Command } from "commander";
import { operatorProgram } from "../../../cli/operator/program";
import { environmentNames } from "../../../environments/schema";
import { ROOT } from "../../../setup/paths";
import { outcomeOf } from "../../support/outcome";

const PROGRAM = operatorProgram(() => {});

/** The commands that do something, by their whole names. */
/** Subcommands that help shows: not those that only name their successors. */
function current(group: Command): readonly Command[] {
  return group
    .createHelp()
    .visibleCommands(group)
    .filter((command) => command.name() !== "help");
}

function leavesOf(group: Command, before = ""): [string, Command][] {
  return current(group).flatMap((command) => {
    const name = `${before}${command.name()}`;
    return command.commands.length > 0
      ? leavesOf(command, `${name} `)
      : [[name, command] as [string, Command]];
  });
}

function tributary(words: readonly string[], variables: NodeJS.ProcessEnv = {}) {
  const none = {
    TRIBUTARY_ENVIRONMENT: "",
    AWS_ENDPOINT_URL: "",
    AWS_ACCESS_KEY_ID: "",
    AWS_SECRET_ACCESS_KEY: "",
  };
  const files = {
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: "true",
  };
  return outcomeOf([process.execPath, "cli/tributary.js", ...words], ROOT, {
    ...none,
    ...files,
    ...variables,
  });
}

const INSTANT = "expected a time such as 2026-01-31, 2026-01-31T08:00 or 2026-01-31T08:00+01:00";
const INSTEAD =
  "expected a date, or instead of it a --status of manifested, failed, quarantined without --dataset";
const SELECTION = "expected one of files or --status";
const OF_MANIFESTS = "expected one of --manifest, or --date and/or --status";
const LEDGER_SELECTION = "expected one of files, --status or --batch";
const ENVIRONMENT = "--environment (or TRIBUTARY_ENVIRONMENT)";

describe("tributary", () => {
  test("answers --help with its commands and exit codes", async () => {
    const { code, stdout } = await tributary(["--help"]);
    expect(code).toBe(0);
    for (const command of current(PROGRAM))
      expect(stdout).toMatch(new RegExp(`^ {2}${command.name()} `, "m"));
    expect(stdout).toContain("Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing matched");
  });

  test.each(leavesOf(PROGRAM).filter(([name]) => name !== "completion"))(
    "%s has --environment, --json and examples",
    (name, command) => {
      let help = "";
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      expect(help).toMatch(/--environment <name>/);
      expect(help).toMatch(/--json/);
      expect(help).toMatch(new RegExp(`Examples:\\n {2}npx tributary ${name} `));
    },
  );

  test.each([
    ["a word that it does not know", ["sideways"], "unknown command 'sideways'"],
    ["an option that it does not know", ["status", "--sideways"], "unknown option '--sideways'"],
    [
      "a word that went",
      ["scale", "--workers", "6", "--environment", "local"],
      "error: tributary scale is now tributary manifests scale\n",
    ],
    [
      "words that went",
      ["ledger", "quarantine", "list", "--environment", "local"],
      "error: tributary ledger quarantine list is now tributary quarantine list\n",
    ],
    [
      "options that went",
      ["reprocess", "--date", "2026-01-31"],
      "error: tributary reprocess --date is now tributary manifests reprocess --date\n",
    ],
    [
      "an option that went, of a command that needs another now",
      ["files", "--date", "2026-01-31"],
      "error: tributary files --date is now tributary manifests files --date\n",
    ],
    [
      "an option of a word that is a group now",
      ["manifests", "--date", "2026-01-31", "--waiting"],
      "error: tributary manifests --date is now tributary manifests list --date\n",
    ],
    [
      "a way to look that is the usual one now",
      ["ledger", "retry", "a.json", "--dry-run"],
      "error: tributary ledger retry --dry-run is now tributary ledger retry without --yes\n",
    ],
    ["a source that went", ["logs", "job"], "It is now manifests-stream."],
    [
      "a source of a pipeline",
      ["logs", "ledger-batch", "--pipeline", "ledger"],
      "error: --pipeline and --dataset take the place of a source\n",
    ],
    [
      "files of a pipeline",
      ["reprocess", "a.csv", "--pipeline", "uploads"],
      "--pipeline and --dataset narrow a --status, and no files that are named",
    ],
    ["nothing in quarantine to retry", ["quarantine", "retry"], `error: ${SELECTION}, got none\n`],
    [
      "waiting for what is not done",
      ["manifests", "stop", "--wait"],
      "error: --wait: expected --yes with it (else nothing is done)\n",
    ],
    ["no file", ["describe"], "missing required argument 'file'"],
    [
      "a date that does not exist",
      ["manifests", "files", "--date", "2026-02-30"],
      'expected a date such as 2026-01-31, or undated, got "2026-02-30"',
    ],
    ["a status that does not exist", ["files", "--status", "done"], "Allowed choices are waiting"],
    [
      "too few workers",
      ["manifests", "scale", "--workers", "1"],
      'expected a whole number from 2 to 100, got "1"',
    ],
    [
      "waiting for a run that may be a week away",
      ["manifests", "scale", "--workers", "6", "--wait", "--yes"],
      "error: --wait: expected --now with it (the next run may be a week away)\n",
    ],
    ["files of no status", ["files"], "'--status <status>' not specified"],
    ["files of no date", ["manifests", "files"], `error: --date is required: ${INSTEAD}\n`],
    [
      "files of a finished status",
      ["manifests", "files", "--status", "completed"],
      `--date is required: ${INSTEAD}\n`,
    ],
    [
      "files of a dataset alone",
      ["manifests", "files", "--status", "failed", "--dataset", "clicks"],
      `--date is required: ${INSTEAD}\n`,
    ],
    ["nothing to reprocess", ["reprocess"], `error: ${SELECTION}, got none\n`],
    [
      "files of a status",
      ["reprocess", "a.ndjson", "--status", "failed"],
      `${SELECTION}, got files and --status\n`,
    ],
    [
      "a manifest of a date and a status",
      ["manifests", "reprocess", "--manifest", "x", "--date", "2026-01-31", "--status", "failed"],
      `${OF_MANIFESTS}, got --manifest and --date and --status\n`,
    ],
    ["no files of the ledger", ["ledger", "files"], `error: ${LEDGER_SELECTION}, got none\n`],
    [
      "a status of a batch",
      ["ledger", "files", "--status", "failed", "--batch", "17"],
      `error: ${LEDGER_SELECTION}, got --status and --batch\n`,
    ],
    ["a ledger command that it does not know", ["ledger", "sideways"], "unknown command 'sideways'"],
    [
      "a batch that is no number",
      ["ledger", "release", "x"],
      'expected a whole number from 1 to 9007199254740991, got "x"',
    ],
    ["no file to retry", ["ledger", "retry"], "missing required argument 'files'"],
    [
      "no time to requeue from",
      ["ledger", "requeue", "--status", "failed"],
      "'--since <time>' not specified",
    ],
    [
      "a place that is none",
      ["ledger", "files", "--after", "x"],
      'expected the place that a list named, such as 17:170233, got "x"',
    ],
    ["a replay without an end", ["ledger", "replay", "--from", "2026-01-31"], "'--to <time>' not specified"],
    [
      "a time that does not exist",
      ["ledger", "replay", "--from", "2026-02-30T10:00"],
      `${INSTANT}, got "2026-02-30T10:00"`,
    ],
    ["a time that is none", ["ledger", "replay", "--from", "yesterday"], `${INSTANT}, got "yesterday"`],
    [
      "no environment",
      ["status"],
      `error: ${ENVIRONMENT} is required: expected one of ${environmentNames().join(", ")}\n`,
    ],
    [
      "an environment that does not exist",
      ["status", "--environment", "nowhere"],
      `error: ${ENVIRONMENT}: expected one of ${environmentNames().join(", ")}, got "nowhere"\n`,
    ],
  ])("exits with 2 for %s", async (_, words, message) => {
    delete process.env["TRIBUTARY_ENVIRONMENT"];
    const said = jest.spyOn(process.stderr, "write").mockReturnValue(true);
    const exit = jest.spyOn(process, "exit").mockImplementation((code) => {
      throw code;
    });
    let ended: unknown;
    const program = operatorProgram((code) => {
      ended = code;
    });
    await program.parseAsync(words, { from: "user" }).catch((code) => {
      ended = code;
    });
    const stderr = said.mock.calls.join("");
    for (const each of [said, exit]) each.mockRestore();
    expect(ended).toBe(2);
    expect(stderr).toContain(message);
  });

  test("says that there are no credentials", async () => {
    const { code, stderr } = await tributary(["status", "--environment", "local"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /^error: AWS does not say whose credentials these are .*; set AWS_PROFILE, or sign in again$/m,
      ),
    });
  });

  test("says that nothing answers where the platform was", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    const { port } = await new Promise<AddressInfo>((resolve) =>
      server.on("listening", () => resolve(server.address() as AddressInfo)),
    );
    await new Promise((resolve) => server.close(resolve));
    const variables = {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: "x",
      AWS_SECRET_ACCESS_KEY: "x",
    };
    const { code, stderr } = await tributary(["status", "--environment", "local"], variables);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /^error: nothing answers at AWS_ENDPOINT_URL=.*is npm start -- --keep still running\?$/m,
      ),
    });
  });
});
