import { type Environment, environmentNames, loadEnvironment } from "../../../environments/schema";
import { expectedAt } from "../../../runtime/expected";
import { UsageError } from "./errors";

/**
 * Settings that a command without AWS looks at.
 * @param asked a name. @default - that of the shell, else dev, else the first there is
 * @throws UsageError for a name that there is not
 */
export function environmentOf(asked = process.env["TRIBUTARY_ENVIRONMENT"]): Environment {
  const names = environmentNames();
  const name = asked ?? (names.includes("dev") ? "dev" : names[0]);
  if (name !== undefined && names.includes(name)) return loadEnvironment(name);
  throw new UsageError(expectedAt("--environment", `one of ${names.join(", ")}`, name));
}
