import { describe, expect, test } from "@jest/globals";
import { scripts } from "../../package.json";
import { ROOT } from "../../setup/paths";
import { outcomeOf } from "../support/outcome";

/** These are another command with an option, and show its usage. */
const ALIASES: Readonly<Record<string, string>> = { "test:unit": "test", fix: "check" };
const SHORT_NAMES = ["start", "test"];

describe.each(Object.keys(scripts) as (keyof typeof scripts)[])("npm run %s", (script) => {
  test("answers -- --help with its usage, and wrong words with 2 and the reason", async () => {
    const name = ALIASES[script] ?? script;
    const words = scripts[script].split(" ");
    const called = SHORT_NAMES.includes(name) ? `npm ${name} --` : `npm run ${name} --`;
    const [help, ...wrong] = await Promise.all([
      npm(script, "--help"),
      // as npm would call it, but for npm's own time
      outcomeOf([...words, "--sideways"], ROOT),
      outcomeOf([...words, "sideways"], ROOT),
    ]);
    expect(help).toMatchObject({ code: 0, stdout: expect.stringMatching(`^[Uu]sage: ${called} `) });
    for (const outcome of wrong) {
      expect(outcome).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/error: /),
      });
    }
  });
});

function npm(script: string, ...words: readonly string[]) {
  return outcomeOf(["npm", "run", "--silent", script, "--", ...words], ROOT);
}
