import { existsSync, mkdirSync } from "node:fs";
import { arch, homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { SetUpError } from "./errors";
import { findInterpreter } from "./interpreter";
import { withLock } from "./lock";
import { WORKING_FOLDER } from "./paths";
import { run } from "./process";
import { type ProviderPlace, providerAtHand, writeProviderConfiguration } from "./provider";

export interface TerraformEnvironment {
  /** The variables with which programs find Terraform and Terraform finds its provider. */
  readonly environment: Record<string, string>;
}

export interface TerraformPlace extends ProviderPlace {
  /** Address at which Terraform's releases are published. */
  readonly releases: string;
  /** SHA-256 of the archive of `PINNED`, by platform. */
  readonly checksums: Readonly<Record<string, string>>;
}

const PROJECT: TerraformPlace = {
  folder: join(WORKING_FOLDER, "terraform"),
  releases: "https://releases.hashicorp.com/terraform",
  checksums: {
    darwin_amd64: "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b",
    darwin_arm64: "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18",
    linux_amd64: "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc",
    linux_arm64: "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633",
  },
  environment: process.env,
  home: homedir(),
};

/** Version that is downloaded where PATH has none of `REQUIRED`. */
const PINNED = "1.11.4";
const REQUIRED = ">= 1.11, < 2";

/**
 * Finds or downloads Terraform and its AWS provider. Safe for two processes at a time.
 * @throws SetUpError naming what was found and the way out.
 */
export async function ensureTerraform(
  report: (message: string) => void,
  place: TerraformPlace = PROJECT,
): Promise<TerraformEnvironment> {
  mkdirSync(place.folder, { recursive: true });
  return withLock(join(place.folder, "lock"), report, async () => {
    const program = await ensureProgram(report, place);
    const configuration = await writeProviderConfiguration(program, platform(), place, report);
    return {
      environment: {
        PATH: pathWith(program, place.environment["PATH"] ?? ""),
        // Terraform and its provider read a large schema in each command and live shortly: less collecting saves a quarter
        GOGC: place.environment["GOGC"] ?? "400",
        TF_CLI_CONFIG_FILE: configuration,
        // A cache shared by stacks that are initialized concurrently is a race; the provider is linked, not copied.
        // Without the second word cdktf takes the empty variable for none and sets a cache of its own.
        TF_PLUGIN_CACHE_DIR: "",
        CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1",
        CHECKPOINT_DISABLE: "1",
        // The lock that stands beside each stack decides which provider is taken; nothing is added to it.
        TF_CLI_ARGS_init: "-lockfile=readonly",
      },
    };
  });
}

/** Terraform of this machine, as it is before anything is downloaded. */
export interface TerraformAtHand {
  /** Program that fits. @default - none does */
  readonly program?: string;
  /** What PATH has besides, each with its version. */
  readonly unfit: readonly string[];
  /** Version that is downloaded where none fits. @default - none is for this platform */
  readonly downloads?: string;
}

/** Looks for a Terraform that fits, and changes nothing. */
export async function findTerraform(place: TerraformPlace = PROJECT): Promise<TerraformAtHand> {
  const unfit: string[] = [];
  for (const folder of (place.environment["PATH"] ?? "").split(delimiter)) {
    const program = join(folder, "terraform");
    if (folder === "" || !existsSync(program)) continue;
    const version = await versionOf(program, place.environment);
    if (fits(version)) return { program, unfit };
    unfit.push(`${program} is ${version}`);
  }
  const downloaded = downloadedProgram(place);
  if (existsSync(downloaded)) return { program: downloaded, unfit };
  return { unfit, ...(platform() in place.checksums ? { downloads: PINNED } : {}) };
}

/**
 * Looks for the provider, and changes nothing.
 * @returns its mirror; undefined where it would be downloaded
 * @throws SetUpError where the mirror that TRIBUTARY_PROVIDER_MIRROR names lacks it
 */
export function findProvider(place: TerraformPlace = PROJECT): string | undefined {
  return providerAtHand(platform(), place);
}

/** The first Terraform on PATH that fits, otherwise the pinned one, downloaded once. */
async function ensureProgram(report: (message: string) => void, place: TerraformPlace): Promise<string> {
  const { program, unfit } = await findTerraform(place);
  if (program !== undefined) return program;
  const downloaded = downloadedProgram(place);
  await download(downloaded, unfit, report, place);
  return downloaded;
}

function downloadedProgram({ folder }: TerraformPlace): string {
  return join(folder, PINNED, "terraform");
}

/** The path on which `program` is the first Terraform; the order of other programs stays where it can. */
function pathWith(program: string, path: string): string {
  const first = path.split(delimiter).find((folder) => existsSync(join(folder, "terraform")));
  return first === dirname(program) ? path : [dirname(program), path].join(delimiter);
}

async function versionOf(program: string, environment: NodeJS.ProcessEnv): Promise<string> {
  try {
    // It may warn about a CLI configuration file that does not exist; it is asked for its version alone.
    const { output } = await run([program, "version"], {
      environment: { ...environment, CHECKPOINT_DISABLE: "1" },
    });
    return /Terraform v(\S+)/.exec(output)?.[1] ?? "no Terraform";
  } catch (error) {
    return `not startable (${(error as Error).message})`;
  }
}

function fits(version: string): boolean {
  const [major, minor] = version.split(".").map(Number);
  return major === 1 && minor !== undefined && minor >= 11;
}

async function download(
  target: string,
  found: readonly string[],
  report: (message: string) => void,
  place: TerraformPlace,
): Promise<void> {
  const missing = `no Terraform ${REQUIRED} (found: ${found.join("; ") || "none on PATH"})`;
  const wayOut = `install Terraform ${PINNED} and put it on PATH`;
  const sha256 = place.checksums[platform()];
  if (sha256 === undefined) {
    throw new SetUpError(
      `${missing}, and none is downloaded for ${platform()}, of which no checksum is known; ${wayOut}`,
    );
  }
  report(`downloading Terraform ${PINNED}`);
  const { program } = await findInterpreter(place.environment);
  const url = `${place.releases}/${PINNED}/terraform_${PINNED}_${platform()}.zip`;
  const script = join(__dirname, "fetch_terraform.py");
  const words = ["--url", url, "--sha256", sha256, "--target", target];
  const { exitCode, output } = await run([program, script, ...words], { environment: place.environment });
  if (exitCode === 0) return;
  throw new SetUpError(
    `${missing}, and ${PINNED} cannot be downloaded from ${place.releases} (${output.trim()}); ${wayOut}`,
  );
}

/** Name of this machine's platform in Terraform. */
function platform(): string {
  const name = { x64: "amd64", arm64: "arm64" }[arch() as string] ?? arch();
  return `${process.platform}_${name}`;
}
