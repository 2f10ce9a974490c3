import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { print } from "../../setup/terminal";

/** Asks whether a proposed plan is approved: by `yes` or its name. Anything else is no, and so is the end of the input. */
export async function isApproved(name: string, input: Readable = process.stdin): Promise<boolean> {
  print(`apply ${name}? Type yes, or anything else to stop:`);
  const lines = createInterface({ input });
  try {
    const [answer = ""] = (await Promise.race([once(lines, "line"), once(lines, "close")])) as string[];
    return ["yes", name].includes(answer.trim());
  } finally {
    lines.close();
  }
}
