import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type Environment, type Layer, stateBucketName, stateKey } from "../../environments/schema";
import { CommandError } from "../../setup/errors";

/** What is told of a state, or of an earlier one. */
export interface Told {
  readonly serial: number;
  readonly lineage: string;
  readonly resources: number;
}

/** Earlier state of a stack, or the one that it has. */
export interface Version extends Told {
  readonly id: string;
  readonly saved: Date;
}

/**
 * Lock that a command of Terraform holds on a state.
 *
 * @see https://github.com/hashicorp/terraform/blob/v1.11.4/internal/states/statemgr/locker.go (2026-12-01)
 */
export interface Lock {
  readonly ID: string;
  readonly Operation: string;
  readonly Who: string;
  readonly Created: string;
}

const SHOWN_VERSIONS = 20;

/** States that an environment's stacks have in S3, with the earlier ones and the locks on them. */
export class StackStates {
  private readonly Bucket: string;

  constructor(
    private readonly s3: S3Client,
    private readonly environment: Environment,
  ) {
    this.Bucket = stateBucketName(environment);
  }

  /** Text of a state; none before the first apply. */
  async read(layer: Layer, version?: string): Promise<string | undefined> {
    return (await this.get(this.keyOf(layer), version))?.text;
  }

  async lock(layer: Layer): Promise<Lock | undefined> {
    const held = await this.get(this.lockKeyOf(layer));
    return held === undefined ? undefined : JSON.parse(held.text);
  }

  /** The newest states, the present one first. */
  async versions(layer: Layer): Promise<Version[]> {
    const Prefix = this.keyOf(layer);
    const input = { Bucket: this.Bucket, Prefix, MaxKeys: SHOWN_VERSIONS };
    const { Versions = [] } = await this.s3.send(new ListObjectVersionsCommand(input));
    const found: Version[] = [];
    for (const { Key, VersionId: id = "", LastModified: saved = new Date(0) } of Versions) {
      // locks have the state's key with an end to it
      if (Key === Prefix) found.push({ id, saved, ...told((await this.read(layer, id)) ?? "{}") });
    }
    return found;
  }

  /** Takes away the lock that was read, and none that somebody else took since. */
  async unlock(layer: Layer, { ID }: Lock): Promise<void> {
    const held = await this.get(this.lockKeyOf(layer));
    if (held === undefined || JSON.parse(held.text).ID !== ID) return;
    await this.s3.send(
      new DeleteObjectCommand({ Bucket: this.Bucket, Key: this.lockKeyOf(layer), IfMatch: held.etag }),
    );
  }

  /**
   * Makes an earlier state the present one, as the newest: with a serial above that of the present one. The state that it
   * replaces stays among the versions.
   * @returns the serial that it has now
   * @throws CommandError where there is no such version, somebody works on the state, or it is of another stack's life
   */
  async restore(layer: Layer, version: string): Promise<number> {
    const text = await this.read(layer, version);
    if (text === undefined) throw new CommandError(`${layer} has no version ${version}`);
    const lock = await this.takeLock(layer);
    try {
      const present = await this.read(layer);
      const earlier = JSON.parse(text);
      const { serial, lineage } = told(present ?? text);
      if (lineage !== earlier.lineage) {
        throw new CommandError(
          `version ${version} of ${layer} has the lineage ${earlier.lineage}, and the present state ${lineage}: it tells of other resources`,
        );
      }
      const Body = JSON.stringify({ ...earlier, serial: serial + 1 }, undefined, 2);
      await this.s3.send(new PutObjectCommand({ Bucket: this.Bucket, Key: this.keyOf(layer), Body }));
      return serial + 1;
    } finally {
      await this.unlock(layer, lock);
    }
  }

  private async takeLock(layer: Layer): Promise<Lock> {
    const lock: Lock = {
      ID: randomUUID(),
      Operation: "OperationTypeRestore",
      Who: `${userInfo().username}@${hostname()}`,
      Created: new Date().toISOString(),
    };
    try {
      await this.s3.send(
        new PutObjectCommand({
          Bucket: this.Bucket,
          Key: this.lockKeyOf(layer),
          Body: JSON.stringify(lock),
          IfNoneMatch: "*",
        }),
      );
      return lock;
    } catch (error) {
      if ((error as Error).name !== "PreconditionFailed") throw error;
      throw new CommandError(`${layer} is worked on by ${(await this.lock(layer))?.Who}`, { cause: error });
    }
  }

  private async get(Key: string, VersionId?: string): Promise<{ text: string; etag: string } | undefined> {
    try {
      const { Body, ETag = "" } = await this.s3.send(
        new GetObjectCommand({ Bucket: this.Bucket, Key, ...(VersionId === undefined ? {} : { VersionId }) }),
      );
      return { text: (await Body?.transformToString()) ?? "", etag: ETag };
    } catch (error) {
      if (
        error instanceof NoSuchKey ||
        ["NoSuchVersion", "InvalidArgument"].includes((error as Error).name)
      ) {
        return undefined;
      }
      throw error;
    }
  }

  private keyOf(layer: Layer): string {
    return stateKey(this.environment, layer);
  }

  private lockKeyOf(layer: Layer): string {
    return `${this.keyOf(layer)}.tflock`;
  }
}

/** What a state tells of itself. */
export function told(text: string): Told {
  const { serial = 0, lineage = "", resources = [] } = JSON.parse(text);
  const counts = (resources as { mode: string; instances: unknown[] }[]).map(({ mode, instances }) =>
    mode === "managed" ? instances.length : 0,
  );
  return { serial, lineage, resources: counts.reduce((sum, count) => sum + count, 0) };
}
