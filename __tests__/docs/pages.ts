import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../setup/paths";

/** The pages that a reader is given, as paths from the root. */
export const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .sort()
    .map((path) => `docs/${path}`),
];

const PROGRAMS = /^(npm|npx|uv|terraform|git|aws|python3?|node|pip) [a-z]/;
const SHELL_BLOCK = /^```sh\n(.*?)^```/gms;
const ANY_BLOCK = /^```.*?^```/gms;

export function read(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

/** Every command of a page, in shell blocks and inline, without comments; `a && b` are two. */
export function commandsOf(text: string): string[] {
  const blocks = [...text.matchAll(SHELL_BLOCK)].flatMap(([, block = ""]) => block.split("\n"));
  const inline = [...text.replaceAll(ANY_BLOCK, "").matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  return [...blocks, ...inline.filter((code) => PROGRAMS.test(code))]
    .map((line) => line.replace(/\s+#.*$/, ""))
    .flatMap((line) => line.split("&&"))
    .map((command) => command.trim())
    .filter((command) => command !== "" && !command.startsWith("cd "));
}

/** The targets of a page's relative links, without their anchors. */
export function relativeLinksOf(text: string): string[] {
  return [...text.replaceAll(ANY_BLOCK, "").matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(text: string): string[] {
  return [...text.replaceAll(ANY_BLOCK, "").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
