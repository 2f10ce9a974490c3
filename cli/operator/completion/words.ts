import { Argument, type Command } from "commander";
import { print } from "../../../setup/terminal";
import { EXIT } from "../command/exit-codes";
import type { End } from "../command/words";

const COMPLETE = `complete -o default -C "tributary completion words" tributary`;

/** What a shell is told once; it then asks `completion words` at each tab. */
const SCRIPTS = {
  bash: COMPLETE,
  zsh: `autoload -U +X bashcompinit && bashcompinit\n${COMPLETE}`,
} as const;

const HELP = `
Examples:
  npx tributary completion bash >> ~/.bashrc
  npx tributary completion zsh >> ~/.zshrc

The shell must find tributary itself: alias it to npx tributary, or put node_modules/.bin into PATH.`;

/** Adds `completion`, which lets a shell complete subcommands, options, environments and datasets. */
export function completionWords(program: Command, end: End): void {
  const shells = Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[];
  const group = program
    .command("completion")
    .description("let the shell complete words of this command")
    .addArgument(new Argument("<shell>", "whose start-up file gets what is printed").choices(shells))
    .addHelpText("after", HELP)
    .action((shell: keyof typeof SCRIPTS) => {
      print(SCRIPTS[shell]);
      end(EXIT.ok);
    });
  group
    .command("words", { hidden: true })
    .allowExcessArguments()
    .action(async () => {
      const { candidates } = await import("./candidates");
      const [line = "", point] = [process.env["COMP_LINE"], process.env["COMP_POINT"]];
      const words = await candidates(program, line.slice(0, Number(point ?? line.length)), {
        "--environment": async () => (await import("../../../environments/schema")).environmentNames(),
        "--dataset": async () => {
          const { declaredDatasets } = await import("../../../datasets/schema/datasets");
          return declaredDatasets().map(({ name }) => name);
        },
      });
      if (words.length > 0) print(words.join("\n"));
      end(EXIT.ok);
    });
}
