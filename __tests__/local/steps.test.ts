import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "@jest/globals";
import { Steps } from "../../local/steps";

const { signal } = new AbortController();

function terminal(columns: number) {
  return Object.assign(new PassThrough(), { isTTY: true, columns });
}

test("cuts what it overwrites to the terminal's width, and keeps the last line whole", async () => {
  const out = terminal(40);
  await new Steps(signal, out, () => 0).run("a step", async (report) => report("x".repeat(100)));
  out.end();
  const frames = (await text(out)).split("\r\u001b[K").filter((frame) => frame !== "");
  expect(frames.slice(0, -1).map((frame) => frame.length <= 39)).toEqual([true, true]);
  expect(frames.at(-1)).toBe(`✓ ${"a step".padEnd(34)}    0.0 s  ${"x".repeat(100)}\n`);
});

test("shows steps that overlap side by side, and each that is done on a line of its own", async () => {
  const out = terminal(80);
  const steps = new Steps(signal, out, () => 0);
  const first = steps.run("one", async (report) => {
    await steps.run("two", async () => report("half"));
  });
  await first;
  out.end();
  const frames = (await text(out)).split("\r\u001b[K").map((frame) => frame.replace(/ +/g, " "));
  expect(frames).toContain("… one 0.0 s half │ … two 0.0 s");
  expect(frames.slice(-3)).toEqual(["✓ two 0.0 s\n", "… one 0.0 s half", "✓ one 0.0 s half\n"]);
});

test("writes one line a step, without any control character, where there is no terminal", async () => {
  const out = new PassThrough();
  const steps = new Steps(signal, out, () => 0);
  await steps.run("one", async (report) => report("done"));
  await expect(steps.run("two", () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  out.end();
  expect((await text(out)).split("\n").map((line) => line.replace(/ +/g, " "))).toEqual([
    "✓ one 0.0 s done",
    "✗ two 0.0 s",
    "",
  ]);
  expect(steps.finished.map(({ name }) => name)).toEqual(["one", "two"]);
});

test("begins no step once the run is aborted", async () => {
  const controller = new AbortController();
  const steps = new Steps(controller.signal, new PassThrough());
  controller.abort(new Error("interrupted"));
  let began = false;
  const step = steps.run("late", async () => {
    began = true;
  });
  await expect(step).rejects.toThrow("interrupted");
  expect(began).toBe(false);
});
