import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { stepOf } from "./workflow";

type Call = readonly [name: string, what: Readonly<Record<string, unknown>>];

const context = { repo: { owner: "example", repo: "lake" }, issue: { number: 7 } };
const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor;

/** Runs the script of a step as GitHub's action does, on comments or issues that are there; returns what it asks for. */
async function run(place: readonly [string, string, string], there: readonly object[]): Promise<Call[]> {
  const calls: Call[] = [];
  const call = (name: string) => async (what: Call[1]) => calls.push([name, what]);
  const issues = {
    listComments: "comments",
    listForRepo: "issues",
    createComment: call("createComment"),
    updateComment: call("updateComment"),
    create: call("create"),
    update: call("update"),
  };
  const github = {
    rest: { issues },
    paginate: async () => there,
  };
  const script = stepOf(...place).with?.["script"];
  await new AsyncFunction("github", "context", "require", script)(github, context, require);
  return calls;
}

describe("the scripts of the workflows", () => {
  const before = process.cwd();
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tributary-scripts-"));
    process.chdir(folder);
    process.env["ENVIRONMENT"] = "dev";
  });
  afterEach(() => {
    process.chdir(before);
    delete process.env["ENVIRONMENT"];
    rmSync(folder, { recursive: true });
  });
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };

  describe("the plan's comment", () => {
    const comment = (there: readonly object[]) => {
      write("base/plans/comment.md", "## Plan of dev");
      return run(["plan.yml", "plan", "comment on the pull request"], there);
    };
    const body = "<!-- plan dev -->\n## Plan of dev";
    const bot = { id: 3, user: { type: "Bot" }, body: "<!-- plan dev -->\n## old" };

    test("is made once", async () => {
      const other = { ...bot, body: "<!-- plan prod -->\n## old" };
      expect(await comment([other])).toEqual([["createComment", { ...context.repo, issue_number: 7, body }]]);
    });

    test("is put up to date in its place", async () => {
      expect(await comment([bot])).toEqual([["updateComment", { ...context.repo, comment_id: 3, body }]]);
    });

    test("leaves alone what a person wrote so", async () => {
      const [[name] = []] = await comment([{ ...bot, user: { type: "User" } }]);
      expect(name).toBe("createComment");
    });
  });

  describe("the issue about drift", () => {
    const tell = (drift: string, there: readonly object[]) => {
      write("plans/drift.md", drift);
      return run(["drift.yml", "drift", "open, update or close the issue"], there);
    };
    const open = { number: 5, title: "Drift of dev" };
    const other = { number: 6, title: "Drift of prod" };

    test("is opened", async () => {
      expect(await tell("rows", [other])).toEqual([
        ["create", { ...context.repo, title: "Drift of dev", body: "rows" }],
      ]);
    });

    test("is put up to date while it is open", async () => {
      expect(await tell("rows", [other, open])).toEqual([
        ["update", { ...context.repo, issue_number: 5, body: "rows" }],
      ]);
    });

    test("is closed when none is left", async () => {
      expect(await tell("", [open])).toEqual([
        ["update", { ...context.repo, issue_number: 5, body: "None is left.", state: "closed" }],
      ]);
    });

    test("is none where there is no drift", async () => {
      expect(await tell("", [other])).toEqual([]);
    });
  });
});
