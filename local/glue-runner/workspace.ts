import { createWriteStream, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { expected } from "../../runtime/expected";
import type { JobRun } from "./run";

/** The files of one run on disk. */
export interface Workspace {
  readonly folder: string;
  readonly script: string;
  /** Entries of PYTHONPATH: the files of `--extra-py-files`, in their order. */
  readonly packages: readonly string[];
}

/** Downloads the script of a run, its packages and its files, with the rights of the job's role, as Glue does. */
export async function makeWorkspace(
  s3: S3Client,
  folder: string,
  scriptLocation: string,
  run: JobRun,
): Promise<Workspace> {
  mkdirSync(join(folder, "tmp"), { recursive: true });
  const script = await download(s3, scriptLocation, folder);
  const packages: string[] = [];
  for (const location of locationsOf(run, "--extra-py-files"))
    packages.push(await download(s3, location, folder));
  for (const location of locationsOf(run, "--extra-files")) await download(s3, location, folder);
  return { folder, script, packages };
}

function locationsOf(run: JobRun, argument: string): string[] {
  const words = (run.Arguments[argument] ?? "").split(",").map((word) => word.trim());
  return words.filter((word) => word !== "");
}

async function download(s3: S3Client, location: string, folder: string): Promise<string> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  if (!Bucket || !Key) throw new Error(expected("a location such as s3://bucket/key", location));
  const file = join(folder, basename(Key));
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    await pipeline(Body as Readable, createWriteStream(file));
  } catch (error) {
    throw new Error(`cannot download ${location}: ${(error as Error).message}`, { cause: error });
  }
  return file;
}
