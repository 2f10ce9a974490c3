import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "@jest/globals";
import { Terminal } from "../../cli/operator/command/terminal";
import { table } from "../../local/outcome/results";
import { Steps } from "../../local/steps";
import { ROOT } from "../../setup/paths";
import { run } from "../../setup/process";
import { visible, visibleJson, visibleLines } from "../../setup/terminal";

/** Everything that a terminal obeys, hides or reorders, a character each. */
const HOSTILE = [
  ...range(0x00, 0x1f).filter((code) => code !== 0x09 && code !== 0x0a),
  ...range(0x7f, 0x9f),
  ...[0xad, 0x061c, 0x180e, 0xfeff, 0xdfff, 0xd800],
  ...range(0x200b, 0x200f),
  ...range(0x2028, 0x202e),
  ...range(0x2060, 0x2064),
  ...range(0x2066, 0x206f),
  ...range(0xe0001, 0xe0001),
].map((code) => String.fromCodePoint(code));
const UNSEEN = /[^\P{C}\n\t]|[\u2028\u2029]/u;

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe("text", () => {
  test.each(HOSTILE.map((character) => [character.codePointAt(0)?.toString(16), character]))(
    "shows U+%s by its code point",
    (code, character) => {
      expect(visible(`a${character}b`)).toBe(`a\\u{${code}}b`);
      expect(visibleLines(`a${character}b`)).toBe(`a\\u{${code}}b`);
    },
  );

  test("keeps line feeds and tabs in lines alone", () => {
    expect(visibleLines("a\n\tb")).toBe("a\n\tb");
    expect(visible("a\n\tb")).toBe("a\\u{a}\\u{9}b");
  });

  test("keeps what is seen, in any script", () => {
    const seen = "O’Brien 東京 العربية é e\u0301 😀 ＝１ \\u{1b}";
    expect([visible(seen), visibleLines(seen), JSON.parse(visibleJson(seen))]).toEqual([seen, seen, seen]);
  });
});

test("JSON has the same value to its reader, and nothing unseen", () => {
  const value = { [`k${HOSTILE.join("")}`]: `v${HOSTILE.join("")}\n\t` };
  for (const indent of [undefined, 2]) {
    const json = visibleJson(value, indent);
    expect(json).not.toMatch(UNSEEN);
    expect(JSON.parse(json)).toEqual(value);
  }
});

describe("on a screen", () => {
  const word = `a${HOSTILE.join("")}\n\tz`;
  const screen = () => Object.assign(new PassThrough(), { isTTY: true, columns: 10_000 });

  async function printed(
    work: (screens: ReturnType<typeof screen>[]) => void | Promise<void>,
  ): Promise<string> {
    const screens = [screen(), screen()];
    await work(screens);
    for (const each of screens) each.end();
    return (await Promise.all(screens.map((each) => text(each)))).join("").replaceAll("\r\u001b[K", "");
  }

  test.each([false, true])(
    "results, progress and warnings of the operator's commands obey nobody, json %s",
    async (json) => {
      const shown = await printed(([output, errors]) => {
        const terminal = new Terminal(json, output, errors);
        terminal.progress(word);
        terminal.show({ [word]: word }, word);
        terminal.write(word);
        terminal.record({ [word]: word });
        terminal.warn(`error: ${word}`);
      });
      expect(shown).toContain(`${visible(word.slice(0, -3))}\n\tz`);
      expect(shown).not.toMatch(UNSEEN);
    },
  );

  test("records of the operator's commands are lines of JSON", async () => {
    const shown = await printed(([output, errors]) => {
      const terminal = new Terminal(true, output, errors);
      terminal.record({ [word]: word });
      terminal.show([word], "");
    });
    const [line = "", ...rest] = shown.split("\n");
    expect([JSON.parse(line), JSON.parse(rest.join("\n"))]).toEqual([{ [word]: word }, [word]]);
  });

  test("steps of a run and their tables obey nobody", async () => {
    const shown = await printed(async ([out]) => {
      await new Steps(new AbortController().signal, out, () => 0).run("a step", async (report) =>
        report(word),
      );
    });
    expect(shown.split("\n").filter((line) => line.endsWith(visible(word)))).toHaveLength(1);
    expect(shown).not.toMatch(UNSEEN);
    const rows = table([[word], ["b"]], undefined).split("\n");
    expect(rows).toHaveLength(3);
    expect(rows.join("")).not.toMatch(UNSEEN);
  });
});

test.each([
  ["an error that is caught", "runToExitCode(async () => { throw new Error(word); })"],
  ["an error that can be mended", "runToExitCode(async () => { throw new CommandError(word); })"],
  ["a value that is thrown", "runToExitCode(async () => { throw word; })"],
  ["an error that nobody catches", "command('x', 'y'); setTimeout(() => { throw new TypeError(word); })"],
  [
    "a rejection that nobody catches",
    "command('x', 'y'); Promise.reject(new Error('a', { cause: new Error(word) }))",
  ],
  [
    "an option that is unknown",
    "command('x', 'y').parse(['--' + word.replace('\\n', '')], { from: 'user' })",
  ],
])("%s is printed without obeying it, and the command fails", async (_, statement) => {
  const script = `
    const { command, runToExitCode } = require("./setup/command");
    const { CommandError } = require("./setup/errors");
    const word = "a\\u001b]0;title\\u0007\\u009b2J\\u202ez\\n";
    ${statement}`;
  const { exitCode, output } = await run([process.execPath, "--require", "tsx/cjs", "-e", script], {
    folder: ROOT,
  });
  expect(exitCode).not.toBe(0);
  expect(output).toMatch(/a\\(u\{1b\}|x1B)\]0;title/);
  expect(output).not.toMatch(UNSEEN);
});

test("no other code of the commands prints", () => {
  const folders = ["cli", "setup", "local", "bench", "environments", "stacks", "constructs"];
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
  );
  const sources = files.filter((file) => /\.(ts|js)$/.test(file) && file !== "setup/terminal.ts");
  expect(sources.length).toBeGreaterThan(100);
  const printing = sources.filter((file) =>
    /\bconsole\b\s*\.(?!aws\.amazon\.com)|\bstd(out|err)\s*\.\s*write\s*\(/.test(
      readFileSync(join(ROOT, file), "utf8"),
    ),
  );
  expect(printing).toEqual([]);
});
