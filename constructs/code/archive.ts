/** ZIP archives that depend on nothing but names and bytes of their files. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { WORKING_FOLDER } from "./paths";

export interface ArchiveEntry {
  /** Path inside the archive, with forward slashes. */
  readonly name: string;
  readonly content: Uint8Array;
}

const DOS_DATE_1980_01_01 = 0x0021;
const UNIX_FILE_0644 = ((0o100644 << 16) >>> 0) as number;
const MADE_BY_UNIX_ZIP_2_0 = 0x0314;
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/**
 * Builds a ZIP archive of the entries: sorted by name, with a fixed date, and stored, not deflated, since
 * compressors differ between versions of Node.
 */
export function zip(entries: readonly ArchiveEntry[]): Buffer {
  const sorted = [...entries].sort((one, other) => (one.name < other.name ? -1 : 1));
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of sorted) {
    const header = entryHeader(entry);
    const name = Buffer.from(entry.name);
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), header, name, entry.content]);
    directory.push(directoryRecord(header, name, offset));
    parts.push(local);
    offset += local.length;
  }
  const index = Buffer.concat(directory);
  return Buffer.concat([...parts, index, endRecord(sorted.length, index.length, offset)]);
}

/** SHA-256 of the bytes, in hexadecimal. */
export function contentHash(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * Writes a generated file under a name of its content, for Terraform to upload.
 *
 * @returns the file's absolute path
 */
export function writeGenerated(name: string, content: Uint8Array): string {
  const file = join(WORKING_FOLDER, "generated", contentHash(content), name);
  if (existsSync(file)) return file;
  mkdirSync(dirname(file), { recursive: true });
  const partial = join(dirname(file), `${name}.${process.pid}`);
  writeFileSync(partial, content);
  renameSync(partial, file);
  return file;
}

/** Builds the fields that local header and directory record share: version to name and extra lengths. */
function entryHeader(entry: ArchiveEntry): Buffer {
  const header = Buffer.alloc(26);
  header.writeUInt16LE(20, 0);
  header.writeUInt16LE(0x0800, 2); // the name is UTF-8
  header.writeUInt16LE(DOS_DATE_1980_01_01, 8);
  header.writeUInt32LE(crc32(entry.content), 10);
  header.writeUInt32LE(entry.content.length, 14);
  header.writeUInt32LE(entry.content.length, 18);
  header.writeUInt16LE(Buffer.byteLength(entry.name), 22);
  return header;
}

function directoryRecord(header: Buffer, name: Buffer, offset: number): Buffer {
  const front = Buffer.from([0x50, 0x4b, 1, 2, MADE_BY_UNIX_ZIP_2_0 & 0xff, MADE_BY_UNIX_ZIP_2_0 >> 8]);
  const back = Buffer.alloc(14);
  back.writeUInt32LE(UNIX_FILE_0644, 6);
  back.writeUInt32LE(offset, 10);
  return Buffer.concat([front, header, back, name]);
}

function endRecord(count: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}

function crc32(content: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of content) crc = ((CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)) >>> 0;
  return (crc ^ 0xffffffff) >>> 0;
}
