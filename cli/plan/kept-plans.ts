import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import {
  type _Object,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from "@aws-sdk/client-s3";
import { z } from "zod";
import { type Environment, keptPlansPrefix, stateBucketName } from "../../environments/schema";
import { CommandError } from "../../setup/errors";
import type { Source } from "./binding";
import { FILES } from "./plan-stacks";

/** Bytes of JSON to which what is kept may grow when it is read. */
const LARGEST = 512 * 1024 * 1024;
const END = ".json.gz";

/** What is kept: of each stack that has a plan, its changes and what binds them. Whoever plans may have written anything. */
const document = z.strictObject({
  stacks: z.record(
    z.string().regex(/^[a-z0-9-]+$/),
    z.strictObject({ binding: z.record(z.string(), z.unknown()), plan: z.record(z.string(), z.unknown()) }),
  ),
});

/**
 * Tree by which plans of a checkout are kept.
 * @throws CommandError where it has none, or not all of it
 */
export function treeOf({ tree, uncommitted }: Source): string {
  if (tree === undefined)
    throw new CommandError("plans are kept by Git's tree, and this is no Git repository");
  if (uncommitted.length === 0) return tree;
  throw new CommandError(`plans are kept by Git's tree, and ${uncommitted.join(", ")} is in no commit`);
}

/**
 * Plans in the state bucket, between who plans and who applies: below the environment by Git's tree, one object each, so that there is
 * none in part. Without Terraform's own plan file: nobody applies what somebody else may have written.
 */
export class KeptPlans {
  constructor(
    private readonly s3: S3Client,
    private readonly environment: Environment,
  ) {}

  /**
   * Keeps the plans of a folder.
   * @returns the name by which they are found among those of their tree
   */
  async keep(tree: string, folder: string, stacks: readonly string[]): Promise<string> {
    const name = new Date().toISOString().replaceAll(/[-:.]/g, "");
    const read = (...path: string[]) => JSON.parse(readFileSync(join(folder, ...path), "utf8"));
    const planned = stacks.filter((stack) => existsSync(join(folder, stack, FILES.json)));
    const kept = planned.map((stack) => [
      stack,
      { binding: read(stack, FILES.binding), plan: read(stack, FILES.json) },
    ]);
    await this.s3.send(
      new PutObjectCommand({
        ...this.place(tree, name),
        Body: gzipSync(JSON.stringify({ stacks: Object.fromEntries(kept) })),
        ContentType: "application/gzip",
        IfNoneMatch: "*",
      }),
    );
    return name;
  }

  /** Name of the newest plans of a tree, by S3's clock; undefined where none are kept. */
  async newest(tree: string): Promise<string | undefined> {
    const Prefix = this.place(tree, "").Key.slice(0, -END.length);
    const found: _Object[] = [];
    const all = { Bucket: stateBucketName(this.environment), Prefix };
    for await (const { Contents = [] } of paginateListObjectsV2({ client: this.s3 }, all)) {
      found.push(...Contents);
    }
    const order = ({ LastModified, Key = "" }: _Object) => `${LastModified?.toISOString()} ${Key}`;
    const newest = found.sort((one, other) => (order(one) < order(other) ? 1 : -1))[0];
    return newest?.Key?.slice(Prefix.length, -END.length);
  }

  /**
   * Writes what is kept under a name into a folder, as `npm run plan` does, but for what Terraform itself would apply.
   * @throws CommandError where it is not what is kept by {@link keep}
   */
  async fetch(tree: string, name: string, folder: string): Promise<void> {
    const { Body } = await this.s3.send(new GetObjectCommand(this.place(tree, name)));
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
    for (const [stack, { binding, plan }] of Object.entries(this.read(name, bytes))) {
      mkdirSync(join(folder, stack), { recursive: true });
      writeFileSync(join(folder, stack, FILES.binding), JSON.stringify(binding));
      writeFileSync(join(folder, stack, FILES.json), JSON.stringify(plan));
    }
  }

  private read(name: string, bytes: Uint8Array): z.infer<typeof document>["stacks"] {
    try {
      return document.parse(JSON.parse(gunzipSync(bytes, { maxOutputLength: LARGEST }).toString())).stacks;
    } catch (error) {
      throw new CommandError(`what is kept as ${name} are no plans: plan again`, { cause: error });
    }
  }

  private place(tree: string, name: string): { Bucket: string; Key: string } {
    return {
      Bucket: stateBucketName(this.environment),
      Key: `${keptPlansPrefix(this.environment)}${tree}/${name}${END}`,
    };
  }
}
