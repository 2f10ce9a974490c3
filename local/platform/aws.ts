import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ensurePython } from "../../setup/python";
import { type Emulator, REGION, ROOT_CREDENTIALS, startEmulator } from "../emulator/emulator";
import { type GlueRunner, startGlueRunner } from "../glue-runner/server";

export interface LocalAwsOptions {
  /** For logs and temporary files; made where missing. The latter go at the end. */
  readonly folder: string;
  /** Enforces the policies of roles. @default false */
  readonly auth?: boolean;
  /** Port of the emulator. @default 0, any free port */
  readonly port?: number;
  /** Variables of functions and jobs, in addition to AWS's own. @default - nothing */
  readonly variables?: Readonly<Record<string, string>>;
  /** Receives the steps of the set-up and failures outside of calls. */
  readonly report: (message: string) => void;
}

/** AWS on this machine: the emulator, and our service for Glue's jobs. */
export interface LocalAws {
  readonly endpoint: string;
  readonly glueEndpoint: string;
  /** Every variable that a client needs to reach it as the account's root, which may do everything. */
  readonly environment: Record<string, string>;
  /** Aborted, with the reason, where the emulator ends before it is stopped. */
  readonly failure: AbortSignal;
  /** Ends everything that was started, job runs and functions included. Safe to repeat. */
  stop(): Promise<void>;
}

/** Starts a local AWS and waits until it answers. */
export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  const { python } = await ensurePython("run", options.report);
  const glueFolder = join(options.folder, "glue");
  mkdirSync(glueFolder, { recursive: true });
  const runner = await startGlueRunner({
    python,
    folder: glueFolder,
    variables: options.variables ?? {},
    warn: options.report,
  });
  const emulator = await startEmulator({ ...options, python, glueEndpoint: runner.endpoint }).catch(
    async (error) => {
      await runner.stop();
      throw error;
    },
  );
  runner.connect(emulator.endpoint);
  return {
    endpoint: emulator.endpoint,
    glueEndpoint: runner.endpoint,
    environment: clientEnvironment(emulator, runner),
    failure: emulator.failure,
    stop: async () => {
      await runner.stop();
      await emulator.stop();
    },
  };
}

function clientEnvironment(emulator: Emulator, runner: GlueRunner): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: emulator.endpoint,
    AWS_ENDPOINT_URL_GLUE: runner.endpoint,
    AWS_ACCESS_KEY_ID: ROOT_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ROOT_CREDENTIALS.secretAccessKey,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
  };
}
