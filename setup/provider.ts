import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetUpError } from "./errors";
import { ROOT } from "./paths";
import { run } from "./process";

/** Folders in which the provider and the CLI configuration are kept and looked for. */
export interface ProviderPlace {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly home: string;
}

/** Version of the provider that the bindings of the project were made from. */
const VERSION = "5.100.0";
const SOURCE = "registry.terraform.io/hashicorp/aws";
/** Checksums of that version, which Terraform holds against whatever a mirror or a registry gives. */
export const PROVIDER_LOCK = ".terraform.lock.hcl";

/** Folders in which system packages and images keep provider mirrors. */
const SYSTEM_FOLDERS = [
  "/usr/share",
  "/usr/local/share",
  "/usr/lib",
  "/usr/local/lib",
  "/opt",
  "/var/lib",
  "/srv",
];
/** Maximum number of folders between such a folder and the mirror. */
const DEPTH = 2;
const MAX_FOLDERS = 20_000;

/**
 * Writes a CLI configuration by which every stack links the provider from one place on this machine: the mirror that
 * TRIBUTARY_PROVIDER_MIRROR names, one that is found, or a copy that Terraform downloads once.
 * @returns the configuration's file
 * @throws SetUpError where the named mirror lacks the provider, or the download fails.
 */
export async function writeProviderConfiguration(
  terraform: string,
  platform: string,
  place: ProviderPlace,
  report: (message: string) => void,
  systemFolders: readonly string[] = SYSTEM_FOLDERS,
): Promise<string> {
  const mirror =
    providerAtHand(platform, place, systemFolders) ?? (await downloadedMirror(terraform, place, report));
  const file = join(place.folder, "terraform.rc");
  const draft = `${file}.draft`;
  writeFileSync(draft, configurationOf(mirror));
  renameSync(draft, file);
  return file;
}

/**
 * The mirror on this machine that has the provider, without a download.
 * @throws SetUpError where the named mirror lacks the provider
 */
export function providerAtHand(
  platform: string,
  place: ProviderPlace,
  systemFolders: readonly string[] = SYSTEM_FOLDERS,
): string | undefined {
  const named = namedMirror(platform, place.environment);
  if (named !== undefined) return named;
  const downloaded = downloadFolder(place);
  return (
    findMirror([...systemFolders, join(place.home, ".terraform.d")], platform) ??
    (hasProvider(downloaded, platform) ? downloaded : undefined)
  );
}

/** Folder in which Terraform leaves the provider that it downloads, with the layout of a mirror. */
function downloadFolder({ folder }: ProviderPlace): string {
  return join(folder, "provider", ".terraform", "providers");
}

function namedMirror(platform: string, environment: NodeJS.ProcessEnv): string | undefined {
  const named = environment["TRIBUTARY_PROVIDER_MIRROR"];
  if (!named || hasProvider(named, platform)) return named || undefined;
  throw new SetUpError(
    `TRIBUTARY_PROVIDER_MIRROR names ${named}, which has no ${providerFolder(named, platform)}; ` +
      "name the folder that contains registry.terraform.io, or unset the variable",
  );
}

/** The mirror nearest to one of `roots`, found level by level. */
export function findMirror(roots: readonly string[], platform: string): string | undefined {
  let level = roots.filter((root) => existsSync(root));
  let seen = 0;
  for (let depth = 0; depth <= DEPTH; depth++) {
    const found = level.find((folder) => hasProvider(folder, platform));
    if (found !== undefined) return found;
    seen += level.length;
    if (seen > MAX_FOLDERS) return undefined;
    level = level.flatMap(subfolders);
  }
  return undefined;
}

function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name));
  } catch {
    // Not ours to read.
    return [];
  }
}

function providerFolder(mirror: string, platform: string): string {
  return join(mirror, SOURCE, VERSION, platform);
}

function hasProvider(mirror: string, platform: string): boolean {
  const folder = providerFolder(mirror, platform);
  return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith("terraform-provider-aws"));
}

/**
 * Lets Terraform install the provider once, by its own rules: from the public registry, or as the user's own CLI
 * configuration says. What it leaves has the layout of a mirror.
 */
async function downloadedMirror(
  terraform: string,
  place: ProviderPlace,
  report: (message: string) => void,
): Promise<string> {
  const folder = join(place.folder, "provider");
  const mirror = downloadFolder(place);
  report(`downloading the AWS provider ${VERSION}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const required = { aws: { source: SOURCE, version: VERSION } };
  writeFileSync(
    join(folder, "main.tf.json"),
    JSON.stringify({ terraform: { required_providers: [required] } }),
  );
  copyFileSync(join(ROOT, PROVIDER_LOCK), join(folder, PROVIDER_LOCK));
  const { exitCode, output } = await run(
    [terraform, "init", "-input=false", "-no-color", "-lockfile=readonly"],
    {
      folder,
      environment: {
        ...userConfiguration(place.environment),
        TF_PLUGIN_CACHE_DIR: "",
        CHECKPOINT_DISABLE: "1",
      },
    },
  );
  if (exitCode === 0) return mirror;
  rmSync(folder, { recursive: true, force: true });
  throw new SetUpError(
    `no mirror of ${SOURCE} ${VERSION} is found, and Terraform cannot install it (${output.trim().slice(-500)}); ` +
      "allow the network, or name a folder that contains registry.terraform.io by TRIBUTARY_PROVIDER_MIRROR",
  );
}

/** The environment without a TF_CLI_CONFIG_FILE that names no file, which would hide the user's ~/.terraformrc. */
function userConfiguration(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { TF_CLI_CONFIG_FILE: named, ...rest } = environment;
  return named && existsSync(named) ? environment : rest;
}

function configurationOf(mirror: string): string {
  return `# Generated: where Terraform finds its AWS provider.
provider_installation {
  filesystem_mirror {
    path    = ${JSON.stringify(mirror)}
    include = ["${SOURCE}"]
  }
  direct {
    exclude = ["${SOURCE}"]
  }
}
`;
}
