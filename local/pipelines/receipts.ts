import { GetObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";

const PREFIX = "receipts/";

/** Publications of the streaming job so far, from its receipts; each is read once. */
export class Receipts {
  private readonly rowsOf = new Map<string, number>();

  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
  ) {}

  async read(): Promise<{ readonly manifests: number; readonly rows: number }> {
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client: this.s3 },
      { Bucket: this.bucket, Prefix: PREFIX },
    )) {
      for (const { Key = "" } of Contents)
        if (!this.rowsOf.has(Key)) this.rowsOf.set(Key, await this.rows(Key));
    }
    return {
      manifests: this.rowsOf.size,
      rows: [...this.rowsOf.values()].reduce((sum, rows) => sum + rows, 0),
    };
  }

  private async rows(key: string): Promise<number> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
    return JSON.parse((await Body?.transformToString()) ?? "{}").rows;
  }
}
