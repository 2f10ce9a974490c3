import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { JSON_SCHEMA_FILE, jsonSchemaText } from "../datasets/schema/json-schema";
import { loadEnvironments } from "../environments/schema";
import { environmentsDocumentation } from "../environments/schema/documentation";
import { command, runToExitCode } from "../setup/command";
import { ROOT } from "../setup/paths";
import { print } from "../setup/terminal";
import { costsPage } from "./costs/page/page";
import { withProfiles } from "./costs/page/profiles";

const ENVIRONMENTS = "docs/environments.md";
const COSTS = "docs/costs.md";
const JOBS = "docs/jobs.md";

command(
  "docs",
  `Generate ${ENVIRONMENTS}, ${COSTS}, a table of ${JOBS} and ${JSON_SCHEMA_FILE} from settings, prices and schemas.`,
)
  .action(() =>
    runToExitCode(async () => {
      write(ENVIRONMENTS, environmentsDocumentation(loadEnvironments()));
      write(COSTS, costsPage(loadEnvironments()));
      write(JOBS, withProfiles(readFileSync(join(ROOT, JOBS), "utf8")));
      write(JSON_SCHEMA_FILE, jsonSchemaText());
      return 0;
    }),
  )
  .parseAsync();

function write(file: string, text: string): void {
  writeFileSync(join(ROOT, file), text);
  print(file);
}
