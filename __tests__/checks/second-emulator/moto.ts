import type { ChildProcess } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { spawnGroup, stopGroup } from "../../../local/process/process-group";
import { ensureChecker } from "../../../setup/checkers";

export interface Moto {
  /** Variables by which clients reach it. It checks no signature, and keeps nothing. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const STOP_MILLISECONDS = 2000;

/** Starts moto's server on a free port of the loopback interface, with functions that do not run. */
export async function startMoto(account: string, region: string): Promise<Moto> {
  const { python } = await ensureChecker("moto", () => undefined);
  const words = ["--host", "127.0.0.1", "--port", "0"];
  const child = spawnGroup(join(dirname(python), "moto_server"), words, {
    env: { PATH: process.env["PATH"], MOTO_ACCOUNT_ID: account },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const stop = () => stopGroup(child, STOP_MILLISECONDS);
  try {
    const endpoint = await announcedEndpoint(child);
    await configure(endpoint, { lambda: { use_docker: false } });
    return {
      environment: {
        AWS_ENDPOINT_URL: endpoint,
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        AWS_REGION: region,
        AWS_DEFAULT_REGION: region,
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The address in the line that the server writes once it listens. */
function announcedEndpoint(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const seen: string[] = [];
    child.on("error", reject);
    child.on("exit", () => reject(new Error(`moto did not start: ${seen.join(" | ")}`)));
    if (child.stderr === null) return;
    createInterface(child.stderr).on("line", (line) => {
      seen.push(line);
      const [endpoint] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
      if (endpoint !== undefined) resolve(endpoint);
    });
  });
}

/** @see https://docs.getmoto.org/en/latest/docs/configuration/index.html (2026-11-30) */
async function configure(endpoint: string, settings: object): Promise<void> {
  const response = await fetch(`${endpoint}/moto-api/config`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(settings),
  });
  if (!response.ok) throw new Error(`moto refused ${JSON.stringify(settings)}: ${await response.text()}`);
}
