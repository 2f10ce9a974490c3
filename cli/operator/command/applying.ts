/** The one rule of commands that change something: without `--yes` they only say what they would do. */
import type { Command } from "commander";

export interface YesOption {
  /** Act; absent: only say what would be done. */
  readonly yes?: boolean;
}

/** Adds `--yes` to a command that changes something. */
export function changing(command: Command): Command {
  return command.option("--yes", "act; without it, only say what would be done");
}

/** Last line of such a command's answer: how it is applied, or how what it did is undone. */
export function afterwards(applied: boolean, undo: string): string {
  return applied ? `to undo: ${undo}` : "nothing was changed: repeat with --yes";
}
