import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { safeLoad } from "js-yaml";
import { ROOT } from "../../setup/paths";
import { FOLDER, textOf } from "./workflow";

interface Job {
  readonly extends?: string;
  readonly stage?: string;
  readonly needs?: readonly string[];
  readonly script?: readonly string[];
  readonly before_script?: readonly string[];
  readonly id_tokens?: object;
}

const TEXT = readFileSync(join(ROOT, "docs", "examples", "gitlab-ci.yml"), "utf8");
const { stages, default: common, ...jobs } = safeLoad(TEXT) as Record<string, Job> & { stages: string[] };
const words = (text: string) =>
  text
    .replaceAll(/\\\n|\s+/g, " ")
    .replaceAll(/ +/g, " ")
    .trim();

describe("the example for GitLab", () => {
  const names = Object.keys(jobs).filter((name) => !name.startsWith("."));
  const whole = (name: string): Job => {
    const job = jobs[name] ?? {};
    return { ...(job.extends === undefined ? {} : whole(job.extends)), ...job };
  };

  test("has jobs in stages that there are, behind jobs that there are", () => {
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const { stage, needs = [], script = [] } = whole(name);
      expect(stages).toContain(stage);
      expect(script.length).toBeGreaterThan(0);
      for (const each of needs) expect(names).toContain(each);
    }
  });

  test("runs commands that the workflows run, whose steps are tested", () => {
    const known = words(readdirSync(FOLDER).map(textOf).join("\n"));
    const commands = [common, ...Object.values(jobs)]
      .flatMap((job) => [...(job?.before_script ?? []), ...(job?.script ?? [])])
      .filter((line) => /^(npm|npx|for) /.test(line) && line !== "npm run check");
    expect(commands.length).toBeGreaterThan(8);
    for (const line of commands) {
      const [command = "", ...more] = line.split(/(?= --yes$)| \|/);
      expect(known).toContain(words(command));
      if (more[0] === " --yes") expect(known).toContain(" --yes");
    }
  });

  test("has no token where the code of a change runs", () => {
    expect(whole("synthesize").id_tokens).toBeUndefined();
    expect(whole("check").id_tokens).toBeUndefined();
    expect(whole("plan the change").before_script?.join("\n")).toContain("git checkout");
  });
});
