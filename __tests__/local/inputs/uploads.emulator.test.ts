import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { type Emulator, REGION, ROOT_CREDENTIALS, startEmulator } from "../../../local/emulator/emulator";
import type { InputFile } from "../../../local/inputs/files";
import { refuseChanged, type UploadTarget, upload } from "../../../local/inputs/uploads";
import { ensurePython } from "../../../setup/python";

const LARGE_BYTES = 64 << 20;
let folder: string;
let input: string;
let emulator: Emulator;
let target: UploadTarget;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tributary-test-"));
  const { python } = await ensurePython("run", () => undefined);
  emulator = await startEmulator({ python, folder });
  const s3 = new S3Client({
    endpoint: emulator.endpoint,
    region: REGION,
    credentials: ROOT_CREDENTIALS,
    forcePathStyle: true,
  });
  target = { s3, bucket: "raw", signal: new AbortController().signal };
  await s3.send(new CreateBucketCommand({ Bucket: "raw" }));
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: "raw", VersioningConfiguration: { Status: "Enabled" } }),
  );
});

afterAll(async () => {
  target.s3.destroy();
  await emulator?.stop();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  input = mkdtempSync(join(folder, "input-"));
});

/** The only file of the input, under its own name. */
function inputFiles(file: string): InputFile[] {
  return [{ path: join(input, file), key: `input/${file}`, dataset: "customers" }];
}

test.each([
  ["empty.csv", ""],
  ["größe & 100 %+.csv", "id\n1\n"],
])("uploads %s as it is", async (file, text) => {
  writeFileSync(join(input, file), text);
  const uploads = await upload(target, inputFiles(file));
  expect(uploads).toMatchObject([{ key: `input/${file}`, version: expect.any(String) }]);
  const { Body } = await target.s3.send(new GetObjectCommand({ Bucket: "raw", Key: `input/${file}` }));
  expect(await Body?.transformToString()).toBe(text);
});

test.each<[string, (file: string) => void]>([
  ["grows", (file) => appendFileSync(file, "2\n")],
  ["shrinks", (file) => truncateSync(file, 1000)],
  ["goes", (file) => rmSync(file)],
])("names a file that %s while it is uploaded", async (_, change) => {
  const file = join(input, "moving.csv");
  writeFileSync(file, Buffer.alloc(LARGE_BYTES, "1\n"));
  const uploading = upload(target, inputFiles("moving.csv"));
  change(file);
  await expect(uploading).rejects.toThrow(/moving\.csv/);
});

test("names a file that changed since its upload", async () => {
  writeFileSync(join(input, "a.csv"), "id\n1\n");
  const uploads = await upload(target, inputFiles("a.csv"));
  refuseChanged(uploads);
  appendFileSync(join(input, "a.csv"), "2\n");
  expect(() => refuseChanged(uploads)).toThrow(
    `${join(input, "a.csv")} changed after its upload began; start again when nothing writes to it`,
  );
});

test("stops at once when the run is aborted", async () => {
  writeFileSync(join(input, "a.csv"), Buffer.alloc(LARGE_BYTES));
  const controller = new AbortController();
  const uploading = upload({ ...target, signal: controller.signal }, inputFiles("a.csv"));
  controller.abort();
  await expect(uploading).rejects.toThrow(/abort/i);
});
