import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { trackingTableName } from "../../environments/schema";
import { filesBelow, type InputFile } from "../../local/inputs/files";
import { type Upload, upload } from "../../local/inputs/uploads";
import { settledOf } from "../../local/pipelines/tracked-files";
import { PYTHONPATH } from "../../setup/paths";
import { environment, rawBucket, type TestPlatform } from "./local-platform";

/** Files of the manifests pipeline, generated once and uploaded a few at a time. */
export class Clicks {
  /** Uploads in their order. */
  readonly uploads: Upload[] = [];
  private readonly folder: string;
  private readonly waiting: InputFile[];

  /** Makes `count` files of today, which the reconciler looks at in each of its rounds, with some dirty lines. */
  constructor(
    private readonly platform: TestPlatform,
    count: number,
  ) {
    this.folder = join(platform.output, "clicks");
    const today = new Date().toISOString().slice(0, 10);
    const words = ["--count", String(count), "--dirty", "0.01", "--dates", today, "--out", this.folder];
    execFileSync(platform.python, ["-m", "local.generator", "ndjson", ...words], {
      env: { ...process.env, PYTHONPATH },
    });
    this.waiting = [...filesBelow(this.folder).taken.manifests];
  }

  /** Uploads the next files. */
  async send(count: number): Promise<void> {
    const { signal } = new AbortController();
    const target = { s3: this.platform.s3, bucket: rawBucket, signal };
    this.uploads.push(...(await upload(target, this.waiting.splice(0, count))));
  }

  /** Returns whether each file that was uploaded has its outcome in the tracking table. */
  async areSettled(): Promise<boolean> {
    const shards = environment.manifests.trackingShards;
    const table = { dynamo: this.platform.dynamo, name: trackingTableName(environment), shards };
    return (await settledOf(table, this.uploads)).size === this.uploads.length;
  }
}
