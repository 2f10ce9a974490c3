import type { Command, Option } from "commander";

/** Values of options that are not known before settings or declarations are read, by the option's name. */
export type Values = Readonly<Record<string, () => Promise<readonly string[]>>>;

/**
 * Words that may follow in a line that is being typed, up to the cursor: subcommands, options, or the values of the
 * option before.
 */
export async function candidates(program: Command, line: string, values: Values): Promise<string[]> {
  const [, ...typed] = line.split(/\s+/);
  const begun = typed.pop() ?? "";
  const { command, last } = walk(program, typed);
  const awaited = last?.required || last?.optional ? last : undefined;
  const words = awaited ? await valuesOf(awaited, values) : following(command, begun);
  return words.filter((word) => word.startsWith(begun)).sort();
}

/** The subcommand that the words lead to, and the option that the last of them is. */
function walk(program: Command, words: readonly string[]): { command: Command; last?: Option } {
  let command = program;
  for (const word of words) command = visible(command).find((each) => each.name() === word) ?? command;
  const last = optionsOf(command).find(({ long }) => long === words.at(-1));
  return { command, ...(last && { last }) };
}

function following(command: Command, begun: string): string[] {
  if (begun.startsWith("-")) return optionsOf(command).flatMap(({ long }) => long ?? []);
  const names = visible(command).map((each) => each.name());
  const choices = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices);
  return [...names, ...choices];
}

async function valuesOf({ long = "", argChoices }: Option, values: Values): Promise<readonly string[]> {
  return argChoices ?? (await values[long]?.()) ?? [];
}

function visible(command: Command): readonly Command[] {
  return command.createHelp().visibleCommands(command);
}

function optionsOf(command: Command): readonly Option[] {
  return command.createHelp().visibleOptions(command);
}
