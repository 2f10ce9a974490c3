import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { lintSource } from "@secretlint/core";
import { creator } from "@secretlint/secretlint-rule-preset-recommend";
import { argument } from "../setup/arguments";
import { command, runToExitCode } from "../setup/command";
import { CommandError } from "../setup/errors";
import { ROOT } from "../setup/paths";
import { run } from "../setup/process";
import { printError } from "../setup/terminal";

const config = { rules: [{ id: "@secretlint/secretlint-rule-preset-recommend", rule: creator }] };

/** Names each secret of a form that its issuer publishes, by its place and kind, and not itself. */
async function findSecrets(files: readonly string[]): Promise<number> {
  const found: string[] = [];
  for (const name of files) {
    const filePath = resolve(ROOT, name);
    const source = {
      filePath,
      content: readFileSync(filePath, "utf8"),
      contentType: "text",
      ext: "",
    } as const;
    const { messages } = await lintSource({ source, options: { config, noPhysicFilePath: true } });
    found.push(
      ...messages.map(({ loc, ruleId, messageId }) => `${name}:${loc.start.line}: ${ruleId} ${messageId}`),
    );
  }
  for (const line of found) printError(line);
  if (found.length > 0)
    printError("take it out, and make it useless where it is valid: Git keeps what was committed");
  return found.length === 0 ? 0 : 1;
}

/** Files that Git tracks, or would: all but the ignored ones. */
async function files(): Promise<string[]> {
  const words = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const { exitCode, stdout, output } = await run(["git", "-C", ROOT, ...words]);
  if (exitCode !== 0) throw new CommandError(`git ls-files fails: ${output.trim()}`);
  return stdout.split("\0").filter((name) => name !== "" && existsSync(join(ROOT, name)));
}

const file = argument("a file", (name) =>
  statSync(resolve(ROOT, name), { throwIfNoEntry: false })?.isFile() ? name : undefined,
);

command("secrets", "Find secrets in files; where none are named, in all of the repository.")
  .argument(
    "[files...]",
    "files to look at",
    (name, all: readonly string[]) => [...all, file(name)],
    [] as readonly string[],
  )
  .action(async (named: readonly string[]) => {
    await runToExitCode(async () => findSecrets(named.length > 0 ? named : await files()));
    // secretlint measures itself, and would sort the marks of a thousand files for seconds
    process.exit();
  })
  .parseAsync();
