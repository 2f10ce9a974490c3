import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadEnvironments } from "../environments/schema";
import { environmentsDocumentation } from "../environments/schema/documentation";
import { command, runToExitCode } from "../setup/command";
import { ROOT } from "../setup/paths";
import { print } from "../setup/terminal";

const PAGE = "docs/environments.md";

command("docs", `Generate ${PAGE} from the schema and the environments.`)
  .action(() =>
    runToExitCode(async () => {
      writeFileSync(join(ROOT, PAGE), environmentsDocumentation(loadEnvironments()));
      print(PAGE);
      return 0;
    }),
  )
  .parseAsync();
