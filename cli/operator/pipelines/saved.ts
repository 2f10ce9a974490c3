import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { bucketName } from "../../../environments/schema";
import { baseName } from "../../../runtime/manifests/datasets";
import { CommandError } from "../../../setup/errors";
import type { Operator } from "../command/operator";

/**
 * Saves a version of an object of the raw bucket in a folder, and overwrites nothing there.
 *
 * @throws CommandError where a file of that name is there
 */
export async function save(
  { aws, environment, terminal }: Operator,
  { key, version }: { readonly key: string; readonly version?: string },
  folder: string,
): Promise<void> {
  const { Body } = await aws.s3.send(
    new GetObjectCommand({
      Bucket: bucketName(environment, "raw"),
      Key: key,
      ...(version === undefined ? {} : { VersionId: version }),
    }),
  );
  await mkdir(folder, { recursive: true });
  const path = join(folder, baseName(key));
  await pipeline(Body as Readable, createWriteStream(path, { flags: "wx" })).catch((error) => {
    if (error.code !== "EEXIST") throw error;
    throw new CommandError(`${path} is there already: remove it, or give another folder`, { cause: error });
  });
  terminal.warn(`saved ${version === undefined ? key : `version ${version}`} as ${path}`);
}
