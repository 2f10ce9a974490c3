import { PutObjectCommand } from "@aws-sdk/client-s3";
import { bucketName } from "../../../environments/schema";
import type { Operator } from "../command/operator";
import type { Found } from "./checks";
import type { Removed } from "./removal";
import type { SentFile } from "./sent";

/** What one look at a file shows. */
export interface Look {
  /** State in words, for the progress and for a test that waits too long. */
  readonly state: string;
  /** True where nothing changes the file's outcome any more. */
  readonly ended: boolean;
  /** Why the file will get no outcome, where that is known. */
  readonly hopeless?: string | undefined;
}

/** Test of one pipeline: a file that is sent, waited for, looked for and removed. */
export abstract class PipelineTest {
  /** Status of a file with a rejected line. */
  abstract readonly wanted: string;
  /** What is waited for. */
  abstract readonly awaited: string;
  /** Job whose run is started for the file; none where it runs anyway. */
  abstract readonly job: string | undefined;
  protected version = "";
  protected sentAt = new Date(0);

  constructor(
    protected readonly operator: Operator,
    readonly sent: SentFile,
  ) {}

  /** Why the pipeline would not take a file now; undefined where it would. */
  abstract obstacle(): Promise<string | undefined>;

  abstract look(): Promise<Look>;

  /** Reads what became of the file, once it has ended. */
  abstract found(): Promise<Found>;

  /**
   * Takes back a file that has no outcome; false where its pipeline may still take it, and would count it as lost if
   * it were gone.
   */
  abstract withdraw(): Promise<boolean>;

  /** Removes the file and all that came of it, once it has ended or was taken back. */
  abstract remove(): Promise<Removed>;

  async send(): Promise<void> {
    const { aws, environment, now } = this.operator;
    this.sentAt = now;
    const { VersionId = "" } = await aws.s3.send(
      new PutObjectCommand({
        Bucket: bucketName(environment, "raw"),
        Key: this.sent.key,
        Body: this.sent.body,
      }),
    );
    this.version = VersionId;
  }

  /** True where there is a file. */
  get isSent(): boolean {
    return this.version !== "";
  }

  get address(): string {
    return `s3://${bucketName(this.operator.environment, "raw")}/${this.sent.key}`;
  }
}
