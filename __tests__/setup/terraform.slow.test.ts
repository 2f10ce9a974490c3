import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { arch } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { findInterpreter } from "../../setup/interpreter";
import { run } from "../../setup/process";
import { findMirror, writeProviderConfiguration } from "../../setup/provider";
import { ensureTerraform, findProvider, findTerraform, type TerraformPlace } from "../../setup/terraform";
import { inFolder, program, zip } from "./machine";

const PLATFORM = `${process.platform}_${arch() === "x64" ? "amd64" : arch()}`;
const PROVIDER = `registry.terraform.io/hashicorp/aws/5.100.0/${PLATFORM}`;

/** Puts a provider mirror into `folder`. */
function mirror(folder: string): string {
  mkdirSync(join(folder, PROVIDER), { recursive: true });
  writeFileSync(join(folder, PROVIDER, "terraform-provider-aws_v5.100.0_x5"), "");
  return folder;
}

function terraform(folder: string, version: string): string {
  return dirname(program(join(folder, "terraform"), `echo "Terraform v${version}"`));
}

interface Machine {
  readonly folder: string;
  readonly path?: string;
  readonly releases?: string;
  readonly checksums?: Record<string, string>;
  readonly variables?: Record<string, string>;
}

interface Ensured {
  readonly environment: Record<string, string>;
  readonly reports: readonly string[];
  readonly configuration: string;
}

function placeOf({
  folder,
  path = "",
  releases = "http://127.0.0.1:9",
  checksums = { [PLATFORM]: "0".repeat(64) },
  variables = {},
}: Machine): TerraformPlace {
  const environment = { PATH: path, ...variables };
  return { folder: join(folder, "kept"), releases, checksums, environment, home: join(folder, "home") };
}

async function ensure(machine: Machine): Promise<Ensured> {
  const reports: string[] = [];
  const result = await ensureTerraform((message) => reports.push(message), placeOf(machine));
  return {
    ...result,
    reports,
    configuration: readFileSync(result.environment["TF_CLI_CONFIG_FILE"] ?? "", "utf8"),
  };
}

describe("a look, which changes nothing,", () => {
  test.each([
    ["finds the program that fits", "1.11.4", {}, { program: "bin/terraform", unfit: [] }],
    [
      "names what would be downloaded",
      "1.5.7",
      {},
      { unfit: ["bin/terraform is 1.5.7"], downloads: "1.11.4" },
    ],
    ["says that nothing would be", "1.5.7", { checksums: {} }, { unfit: ["bin/terraform is 1.5.7"] }],
  ])("%s", (_, version, machine, found) =>
    inFolder(async (folder) => {
      const place = placeOf({ folder, path: terraform(join(folder, "bin"), version), ...machine });
      const below = JSON.parse(JSON.stringify(await findTerraform(place)).replaceAll(`${folder}/`, ""));
      expect(below).toEqual(found);
      expect(existsSync(place.folder)).toBe(false);
    }),
  );

  test("finds the mirror that is named, and refuses one without the provider", () =>
    inFolder(async (folder) => {
      const named = (name: string) => placeOf({ folder, variables: { TRIBUTARY_PROVIDER_MIRROR: name } });
      expect(findProvider(named(mirror(folder)))).toBe(folder);
      expect(() => findProvider(named("/no/such/folder"))).toThrow(
        "TRIBUTARY_PROVIDER_MIRROR names /no/such/folder",
      );
    }));
});

describe("a program", () => {
  test("ends when nobody waits for it any more", async () => {
    const abandoned = new AbortController();
    const ended = run(["sleep", "3600"], { signal: abandoned.signal });
    abandoned.abort();
    await expect(ended).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("the program", () => {
  test.each(["1.11.0", "1.11.4", "1.15.2"])("is the one on PATH when it is %s", (version) =>
    inFolder(async (folder) => {
      const path = `${join(folder, "none")}:${terraform(join(folder, "bin"), version)}`;
      const { environment } = await ensure({
        folder,
        path,
        variables: { TRIBUTARY_PROVIDER_MIRROR: mirror(folder) },
      });
      expect(environment["PATH"]).toBe(path);
    }),
  );

  test("is a later one on PATH when the first is too old", () =>
    inFolder(async (folder) => {
      const [old, fit] = [terraform(join(folder, "old"), "1.5.7"), terraform(join(folder, "fit"), "1.11.4")];
      const path = `${old}:${fit}`;
      const { environment } = await ensure({
        folder,
        path,
        variables: { TRIBUTARY_PROVIDER_MIRROR: mirror(folder) },
      });
      expect(environment["PATH"]).toBe(`${fit}:${path}`);
    }));

  test.each([
    ["too old", "1.10.5"],
    ["too new", "2.0.0"],
  ])("is downloaded once, with its known checksum, when the one on PATH is %s", (_, version) =>
    inFolder(async (folder) => {
      const path = await pythonAnd(terraform(join(folder, "bin"), version));
      const releases = await serveRelease(folder);
      const machine = {
        folder,
        path,
        releases: releases.url,
        checksums: { [PLATFORM]: releases.sha256 },
        variables: { TRIBUTARY_PROVIDER_MIRROR: mirror(folder) },
      };
      const { environment, reports } = await ensure(machine).finally(() => releases.server.close());
      expect(reports).toEqual(["downloading Terraform 1.11.4"]);
      expect(environment["PATH"]).toBe(`${join(folder, "kept", "1.11.4")}:${path}`);
      expect(readFileSync(join(folder, "kept", "1.11.4", "terraform"), "utf8")).toBe("the program");
      expect((await ensure(machine)).reports).toEqual([]);
    }),
  );

  test("is refused when its checksum is not the known one, whatever its origin publishes", () =>
    inFolder(async (folder) => {
      const releases = await serveRelease(folder);
      const path = await pythonAnd();
      const work = ensure({ folder, path, releases: releases.url }).finally(() => releases.server.close());
      await expect(work).rejects.toThrow(
        /\.zip has the SHA-256 [0-9a-f]{64}, expected 0{64}\); install Terraform/,
      );
      expect(existsSync(join(folder, "kept", "1.11.4"))).toBe(false);
    }));

  test("is not downloaded where no checksum is known", () =>
    inFolder(async (folder) => {
      await expect(ensure({ folder, checksums: {} })).rejects.toThrow(
        `no Terraform >= 1.11, < 2 (found: none on PATH), and none is downloaded for ${PLATFORM}, of which no ` +
          "checksum is known; install Terraform 1.11.4 and put it on PATH",
      );
    }));

  test("is asked for, with what was found, when it cannot be downloaded", () =>
    inFolder(async (folder) => {
      const path = await pythonAnd(terraform(join(folder, "bin"), "1.5.7"));
      await expect(ensure({ folder, path })).rejects.toThrow(
        /^no Terraform >= 1\.11, < 2 \(found: .*terraform is 1\.5\.7\), and 1\.11\.4 cannot be downloaded from .*; install Terraform 1\.11\.4 and put it on PATH$/,
      );
    }));
});

describe("the provider", () => {
  test("comes from the mirror that TRIBUTARY_PROVIDER_MIRROR names", () =>
    inFolder(async (folder) => {
      const named = mirror(join(folder, "named"));
      const path = terraform(folder, "1.11.4");
      const variables = { TRIBUTARY_PROVIDER_MIRROR: named, TF_CLI_CONFIG_FILE: join(folder, "missing") };
      const { configuration, environment } = await ensure({ folder, path, variables });
      expect(configuration).toContain(
        `path    = "${named}"\n    include = ["registry.terraform.io/hashicorp/aws"]`,
      );
      expect(configuration).toContain('direct {\n    exclude = ["registry.terraform.io/hashicorp/aws"]');
      expect(environment).toMatchObject({
        TF_PLUGIN_CACHE_DIR: "",
        CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1",
        CHECKPOINT_DISABLE: "1",
        TF_CLI_ARGS_init: "-lockfile=readonly",
      });
    }));

  test("is missed by name in the mirror that the variable names", () =>
    inFolder(async (folder) => {
      const work = ensure({
        folder,
        path: terraform(folder, "1.11.4"),
        variables: { TRIBUTARY_PROVIDER_MIRROR: folder },
      });
      await expect(work).rejects.toThrow(
        `TRIBUTARY_PROVIDER_MIRROR names ${folder}, which has no ${join(folder, PROVIDER)}; ` +
          "name the folder that contains registry.terraform.io, or unset the variable",
      );
    }));

  test.each([
    ["the user's own configuration", true],
    ["no configuration where the variable names a missing file", false],
  ])("is installed once by Terraform, under %s, where no mirror is found", (_, exists) =>
    inFolder(async (folder) => {
      const own = join(folder, "own.rc");
      if (exists) writeFileSync(own, "");
      const binary = `.terraform/providers/${PROVIDER}/terraform-provider-aws_v5.100.0_x5`;
      const terraform = program(
        join(folder, "terraform"),
        `echo "$1 $4 [$TF_CLI_CONFIG_FILE]" >> ${folder}/calls; test -s .terraform.lock.hcl || exit 1`,
        `mkdir -p $(dirname ${binary}) && touch ${binary}`,
      );
      const environment = { PATH: process.env["PATH"] ?? "", TF_CLI_CONFIG_FILE: own };
      const place = { folder, releases: "", environment, home: join(folder, "home") };
      for (let time = 0; time < 2; time++) {
        const file = await writeProviderConfiguration(terraform, PLATFORM, place, () => undefined, []);
        expect(readFileSync(file, "utf8")).toContain(join(folder, "provider", ".terraform", "providers"));
      }
      expect(readFileSync(join(folder, "calls"), "utf8")).toBe(
        `init -lockfile=readonly [${exists ? own : ""}]\n`,
      );
    }),
  );

  test("is asked for when no mirror is found and Terraform cannot install it", () =>
    inFolder(async (folder) => {
      const terraform = program(join(folder, "terraform"), "echo no route to host", "exit 1");
      const place = { folder, releases: "", environment: {}, home: folder };
      await expect(
        writeProviderConfiguration(terraform, PLATFORM, place, () => undefined, []),
      ).rejects.toThrow(
        /^no mirror of .*5\.100\.0 is found, .*\(no route to host\); .*TRIBUTARY_PROVIDER_MIRROR$/,
      );
    }));

  test.each([
    ["in a system folder itself", "share"],
    ["one folder below", "share/plugins"],
    ["two folders below", "share/terraform/plugins"],
  ])("is found %s", (_, place) =>
    inFolder(async (folder) => {
      mkdirSync(join(folder, "share", "other", "registry.terraform.io"), { recursive: true });
      mirror(join(folder, place));
      expect(findMirror([join(folder, "absent"), join(folder, "share")], PLATFORM)).toBe(join(folder, place));
    }),
  );

  test.each([
    ["lies deeper", "share/a/b/c", PLATFORM],
    ["is for another platform", "share", "plan9_mips"],
  ])("is not found where it %s", (_, place, platform) =>
    inFolder(async (folder) => {
      mirror(join(folder, place));
      expect(findMirror([join(folder, "share")], platform)).toBeUndefined();
    }),
  );
});

/** A path with a Python and the given folders. */
async function pythonAnd(...folders: string[]): Promise<string> {
  const { program: python } = await findInterpreter();
  return [...folders, dirname(python), "/usr/bin", "/bin"]
    .filter((folder) => folder !== "/usr/local/bin")
    .join(":");
}

/** Serves a release like the official site, which publishes checksums, too. */
async function serveRelease(folder: string): Promise<{ url: string; sha256: string; server: Server }> {
  const name = `terraform_1.11.4_${PLATFORM}.zip`;
  const archive = join(folder, name);
  const sha256 = await zip(archive, { terraform: "the program", "LICENSE.txt": "" });
  const files: Record<string, string | Buffer> = {
    "/1.11.4/terraform_1.11.4_SHA256SUMS": `${sha256}  ${name}\n`,
    [`/1.11.4/${name}`]: readFileSync(archive),
  };
  const server = createServer((request, response) => {
    const body = files[request.url ?? ""];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sha256, server };
}
