import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SetUpError } from "../../../../setup/errors";
import { ROOT } from "../../../../setup/paths";
import { type Check, type Finding, failure, ok } from "../check";

const common = { group: "machine", actions: [] } as const;

export const nodeCheck: Check = {
  ...common,
  name: "Node.js",
  look: async ({ machine }) => [
    isAtLeast(machine.node, oldestNode())
      ? ok(machine.node)
      : failure(`${machine.node} is too old`, { wayOut: `install Node.js ${oldestNode()} or later` }),
  ],
};

export const pythonCheck: Check = {
  ...common,
  name: "Python",
  look: async ({ machine }) => [
    await orHow(async () => {
      const { version, program } = await machine.python();
      return `${version}, ${program}`;
    }),
  ],
};

export const terraformCheck: Check = {
  ...common,
  name: "Terraform",
  look: async ({ machine }) => {
    const { program, unfit, downloads } = await machine.terraform();
    if (program !== undefined) return [ok(program)];
    const found = unfit.join("; ") || "none on PATH";
    if (downloads !== undefined) return [ok(`${found}; the first deploy downloads ${downloads}`)];
    return [
      failure(`none that fits (${found})`, { wayOut: "install Terraform 1.11 or later, and put it on PATH" }),
    ];
  },
};

export const providerCheck: Check = {
  ...common,
  name: "AWS provider",
  look: async ({ machine }) => [
    await orHow(async () => machine.provider() ?? "none yet; the first deploy downloads it"),
  ],
};

/** The oldest Node.js that package.json allows. */
function oldestNode(): string {
  const { engines } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return /[\d.]+/.exec(engines.node)?.[0] ?? "";
}

function isAtLeast(version: string, oldest: string): boolean {
  const [mine, least] = [version, oldest].map((each) => each.split(".").map(Number));
  const differing = least?.findIndex((part, index) => part !== mine?.[index]) ?? -1;
  return differing === -1 || Number(mine?.[differing] ?? 0) > Number(least?.[differing]);
}

/** What was found; where set-up would fail, its own words, which name the way out behind the last semicolon. */
async function orHow(find: () => Promise<string>): Promise<Finding> {
  try {
    return ok(await find());
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    const end = error.message.lastIndexOf("; ");
    return failure(error.message.slice(0, end), { wayOut: error.message.slice(end + 2) });
  }
}
