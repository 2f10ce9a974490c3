import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { JSON_SCHEMA_FILE, jsonSchemaText } from "../datasets/schema/json-schema";
import { loadEnvironments } from "../environments/schema";
import { environmentsDocumentation } from "../environments/schema/documentation";
import { command, runToExitCode } from "../setup/command";
import { ROOT } from "../setup/paths";
import { print } from "../setup/terminal";

const ENVIRONMENTS = "docs/environments.md";

command(
  "docs",
  `Generate ${ENVIRONMENTS} and ${JSON_SCHEMA_FILE} from the schemas of environments and datasets.`,
)
  .action(() =>
    runToExitCode(async () => {
      write(ENVIRONMENTS, environmentsDocumentation(loadEnvironments()));
      write(JSON_SCHEMA_FILE, jsonSchemaText());
      return 0;
    }),
  )
  .parseAsync();

function write(file: string, text: string): void {
  writeFileSync(join(ROOT, file), text);
  print(file);
}
