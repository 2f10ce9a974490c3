import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { NoSuchKey, S3ServiceException } from "@aws-sdk/client-s3";

interface Put {
  Bucket: string;
  Key: string;
  Body: string;
  IfNoneMatch?: string;
}

interface Get {
  Bucket: string;
  Key: string;
  VersionId?: string;
}

interface Version {
  id: string;
  body: Buffer;
}

/** How S3 refuses a version's content: the error of a read or copy, and what its head tells, or the head's error. */
export interface Refusal {
  readonly error: S3ServiceException;
  readonly head: { readonly SSEKMSKeyId?: string } | S3ServiceException;
}

/** S3 buckets with versions in memory, whose conditional writes hold as S3's do. */
export class MemoryObjects {
  readonly #objects = new Map<string, Version[]>();
  readonly #refusals = new Map<string, Refusal>();
  #versions = 0;
  /** Whether HEAD shows checksums of whole objects. */
  checksums = true;

  put({ Bucket, Key, Body, IfNoneMatch }: Put): { VersionId: string } {
    const versions = this.#of(Bucket, Key);
    if (IfNoneMatch === "*" && versions.length > 0) throw s3Error("PreconditionFailed", 412);
    const version = { id: `v${++this.#versions}`, body: Buffer.from(Body) };
    this.#objects.set(`${Bucket}/${Key}`, [...versions, version]);
    return { VersionId: version.id };
  }

  /** Lets nobody read a version. */
  refuse({ version }: { readonly version: string }, refusal: Refusal): void {
    this.#refusals.set(version, refusal);
  }

  get(get: Get): object {
    const { body } = this.#readable(get);
    const stream = Readable.from([body]);
    return { Body: Object.assign(stream, { transformToString: async () => body.toString() }) };
  }

  head(get: Get): object {
    const { body, id } = this.#find(get, () => s3Error("NotFound", 404));
    const refused = this.#refusals.get(id)?.head;
    if (refused instanceof Error) throw refused;
    if (refused !== undefined || !this.checksums) return { ...refused, ContentLength: body.length };
    const ChecksumSHA256 = createHash("sha256").update(body).digest("base64");
    return { ContentLength: body.length, ChecksumType: "FULL_OBJECT", ChecksumSHA256 };
  }

  copy({ Bucket, Key, CopySource }: { Bucket: string; Key: string; CopySource: string }): object {
    const [, from = "", key = "", version = ""] = /^([^/]+)\/(.*)\?versionId=(.*)$/.exec(CopySource) ?? [];
    const source = { Bucket: from, Key: decodeURIComponent(key), VersionId: decodeURIComponent(version) };
    const { body } = this.#readable(source);
    return this.put({ Bucket, Key, Body: body.toString() });
  }

  /** Deletes one version for good. */
  delete({ Bucket, Key, VersionId }: Get): void {
    const rest = this.#of(Bucket, Key).filter(({ id }) => id !== VersionId);
    this.#objects.set(`${Bucket}/${Key}`, rest);
  }

  /** Keys of a bucket with what their newest version holds. */
  list(bucket: string): Map<string, string> {
    const found = new Map<string, string>();
    for (const [name, versions] of this.#objects) {
      const newest = versions.at(-1);
      if (name.startsWith(`${bucket}/`) && newest) {
        found.set(name.slice(bucket.length + 1), newest.body.toString());
      }
    }
    return found;
  }

  #readable(get: Get): Version {
    const version = this.#find(get);
    const refusal = this.#refusals.get(version.id);
    if (refusal !== undefined) throw refusal.error;
    return version;
  }

  #of(bucket: string, key: string): Version[] {
    return this.#objects.get(`${bucket}/${key}`) ?? [];
  }

  #find({ Bucket, Key, VersionId }: Get, missing = missingObject): Version {
    const versions = this.#of(Bucket, Key);
    const version = VersionId === undefined ? versions.at(-1) : versions.find(({ id }) => id === VersionId);
    if (version === undefined) throw missing(VersionId);
    return version;
  }
}

function missingObject(version: string | undefined): Error {
  if (version !== undefined) return s3Error("NoSuchVersion", 404);
  return new NoSuchKey({ message: "The specified key does not exist.", $metadata: { httpStatusCode: 404 } });
}

export function s3Error(name: string, httpStatusCode: number): S3ServiceException {
  return new S3ServiceException({ name, message: name, $fault: "client", $metadata: { httpStatusCode } });
}
