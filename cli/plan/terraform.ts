import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../../setup/errors";
import { ROOT } from "../../setup/paths";
import { type RunResult, run, runToItsEnd } from "../../setup/process";
import { PROVIDER_LOCK } from "../../setup/provider";
import type { StatePlace } from "./configuration";
import type { PlanJson } from "./plan-json";
import { LEFT_BEHIND } from "./unsaved";

/** What Terraform complains of. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  readonly summary: string;
  readonly detail: string;
}

/** State of a stack, as far as it is read. */
export interface State {
  readonly serial: number;
  readonly lineage: string;
  readonly outputs: Readonly<Record<string, { readonly value: unknown; readonly sensitive?: boolean }>>;
}

/** Plan of a stack; without `json` where Terraform failed before it knew any change. */
export interface Planned {
  readonly diagnostics: readonly Diagnostic[];
  readonly json?: PlanJson;
}

/** A folder in which Terraform works, with all that it keeps for itself in another. */
export class WorkingFolder {
  constructor(
    private readonly folder: string,
    data: string,
    variables: NodeJS.ProcessEnv,
  ) {
    this.environment = { ...variables, TF_DATA_DIR: data };
  }

  private readonly environment: NodeJS.ProcessEnv;

  /** Initializes the folder and validates it; what is wrong with it. */
  async prepare(): Promise<readonly Diagnostic[]> {
    const problems = await this.initialize();
    if (problems.length > 0) return problems;
    const validated = await this.terraform("validate", "-no-color");
    return validated.exitCode === 0 ? [] : [failure("terraform validate", validated)];
  }

  async initialize(): Promise<readonly Diagnostic[]> {
    const initialized = await this.terraform("init", "-input=false", "-no-color");
    return initialized.exitCode === 0 ? [] : [failure("terraform init", initialized)];
  }

  /** Plans into `file`, which is there, too, where a guard makes the plan fail. It takes no lock, and changes nothing. */
  async plan(file: string): Promise<Planned> {
    rmSync(file, { force: true });
    const planned = await this.terraform("plan", "-json", "-input=false", "-lock=false", `-out=${file}`);
    const diagnostics = diagnosticsOf(planned.stdout);
    const isSilent = planned.exitCode !== 0 && !diagnostics.some(({ severity }) => severity === "error");
    const all = isSilent ? [failure("terraform plan", planned), ...diagnostics] : diagnostics;
    if (!existsSync(file)) return { diagnostics: all };
    const shown = await this.show(file);
    return "changes" in shown
      ? { diagnostics: all, json: shown.changes }
      : { diagnostics: [...all, shown.problem] };
  }

  /** Reads what a plan file does. */
  async show(file: string): Promise<{ readonly changes: PlanJson } | { readonly problem: Diagnostic }> {
    const shown = await this.terraform("show", "-json", file);
    return shown.exitCode === 0
      ? { changes: JSON.parse(shown.stdout) }
      : { problem: failure("terraform show", shown) };
  }

  /**
   * Applies a saved plan, with Terraform's own report on the terminal. An interrupt ends it in good order: what was begun is in the
   * state.
   *
   * @param unsaved file for a state that the backend does not take
   * @param lockSeconds how long a lock that somebody else holds is waited for
   * @throws CommandError where that fails
   */
  async apply(file: string, unsaved: string, lockSeconds: number): Promise<void> {
    const plain = process.stdout.isTTY ? [] : ["-no-color"];
    const words = ["terraform", "apply", "-input=false", ...plain, `-lock-timeout=${lockSeconds}s`, file];
    const { folder, environment } = this;
    const exitCode = await runToItsEnd(words, { folder, environment });
    if (exitCode === 0) return;
    const failed = `terraform apply failed with exit code ${exitCode}`;
    throw new CommandError(
      existsSync(join(folder, LEFT_BEHIND))
        ? `${failed}, and its backend did not take the state: it is in ${unsaved}, which the same command writes first`
        : `${failed}: what it has done is in the state; a lock whose holder died goes with npm run state -- unlock`,
    );
  }

  /**
   * Takes what is there into the state as a resource of the folder, and changes nothing of it.
   * @param lockSeconds how long a lock that somebody else holds is waited for
   * @throws CommandError where that fails
   */
  async import(address: string, id: string, lockSeconds: number): Promise<void> {
    const words = ["-input=false", "-no-color", `-lock-timeout=${lockSeconds}s`, address, id];
    const imported = await this.terraform("import", ...words);
    if (imported.exitCode !== 0) {
      throw new CommandError(`${address}: ${failure("terraform import", imported).detail}`);
    }
  }

  /**
   * Writes a state that the backend did not take, and removes its file.
   * @throws CommandError where the backend does not take it now, or has a newer one
   */
  async saveUnsaved(unsaved: string): Promise<void> {
    if (!existsSync(unsaved)) return;
    const pushed = await this.terraform("state", "push", unsaved);
    if (pushed.exitCode !== 0) {
      throw new CommandError(
        `${unsaved} cannot be written (a lock that was left behind goes with npm run state -- unlock): ${failure("terraform state push", pushed).detail}`,
      );
    }
    rmSync(unsaved);
  }

  /** Reads the state of the folder's backend; undefined before the first apply. */
  async state(): Promise<State | undefined> {
    const pulled = await this.terraform("state", "pull");
    if (pulled.exitCode !== 0) throw new CommandError(failure("terraform state pull", pulled).detail);
    if (pulled.stdout.trim() === "") return undefined;
    const state: State = JSON.parse(pulled.stdout);
    // what S3 does not have yet comes as a new state
    return state.serial === 0 ? undefined : state;
  }

  private terraform(...words: readonly string[]): Promise<RunResult> {
    return run(["terraform", ...words], { folder: this.folder, environment: this.environment });
  }
}

/**
 * Reads a state that is not that of the stack at hand, by way of a folder that has its backend and nothing else.
 * @throws CommandError where the backend cannot be reached
 */
export async function pullState(
  { backend, config }: StatePlace,
  scratch: string,
  variables: NodeJS.ProcessEnv,
): Promise<State | undefined> {
  mkdirSync(scratch, { recursive: true });
  const folder = mkdtempSync(join(scratch, "state-"));
  try {
    writeFileSync(
      join(folder, "main.tf.json"),
      JSON.stringify({ terraform: { backend: { [backend]: config } } }),
    );
    // to be read, a state needs the providers of its resources, and no others in the lock
    copyFileSync(join(ROOT, PROVIDER_LOCK), join(folder, PROVIDER_LOCK));
    const writable = { ...variables, TF_CLI_ARGS_init: "" };
    const working = new WorkingFolder(folder, join(folder, ".terraform"), writable);
    const [problem] = await working.initialize();
    if (problem !== undefined)
      throw new CommandError(`a state that is read cannot be reached: ${problem.detail}`);
    return await working.state();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function failure(what: string, { output, exitCode }: RunResult): Diagnostic {
  return { severity: "error", summary: `${what} failed`, detail: output.trim() || `exit code ${exitCode}` };
}

/** Diagnostics among the lines of `terraform plan -json`. */
function diagnosticsOf(stdout: string): Diagnostic[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === "diagnostic")
    .map(({ diagnostic: { severity, summary, detail = "" } }) => ({ severity, summary, detail }));
}
