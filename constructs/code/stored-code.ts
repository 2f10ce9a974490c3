import { join, relative, resolve } from "node:path";
import { App, DataResource, dependable, type ITerraformDependable, Lazy, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { type CodeFile, type CodeFolder, codeAsset, codeKey } from "./code-object";
import { ROOT } from "./paths";

export interface StoredCodeProps {
  readonly bucketName: string;
  /** Owner of the bucket. */
  readonly account: string;
  readonly region: string;
  /** True to address the bucket as host/bucket. */
  readonly pathStyle: boolean;
}

/**
 * Code that runs load for as long as they live, from keys of its content: Terraform uploads it and deletes none.
 * An object of the provider's would go with all its versions as soon as no job names it, while executors that a
 * run is still given look for it. When the jobs are up to date, what none of them names is marked, and its
 * lifecycle begins, but for what is kept; docs/decisions/0014-code-outlives-its-deploy.md says why so.
 */
export class StoredCode extends Construct {
  /** Folders of the bucket whose objects Terraform does not own. */
  static readonly FOLDERS = ["glue", "wheels"] as const satisfies readonly CodeFolder[];
  /** Uploads; what names an object depends on them. */
  readonly uploads: ITerraformDependable;
  private readonly props: StoredCodeProps;
  private readonly marks: DataResource;
  /** Path of each file that Terraform reads in the stack's folder, by key. */
  private readonly files = new Map<string, string>();

  constructor(scope: Construct, id: string, props: StoredCodeProps) {
    super(scope, id);
    this.props = props;
    this.uploads = this.program("uploads", "store");
    this.marks = this.program("marks", "mark");
  }

  /**
   * Uploads a file, once.
   *
   * @returns its `s3://` address
   */
  add(folder: CodeFolder, file: CodeFile): string {
    const key = codeKey(folder, file);
    if (!this.files.has(key)) this.files.set(key, this.pathOf(folder, file));
    return `s3://${this.props.bucketName}/${key}`;
  }

  /** Uploads a file once under a key of its own, and never marks it: it is kept. */
  keep(key: string, path: string): void {
    const id = withoutHash(key).replaceAll("/", "-");
    this.files.set(key, codeAsset(this, id, { path }));
  }

  /** Adds what names the code: it is changed before what it named goes its way. */
  isNamedBy({ fqn }: ITerraformDependable): void {
    this.marks.dependsOn = [...(this.marks.dependsOn ?? []), dependable({ fqn })];
  }

  /** Runs a part of `cli/code.ts` whenever other code is named, by the Node that runs cdktf. */
  private program(id: string, part: "store" | "mark"): DataResource {
    return new DataResource(this, id, {
      triggersReplace: { code: Lazy.stringValue({ produce: () => this.keys.join("\n") }) },
      // jobs name what is there already, and go on doing so where an upload fails
      lifecycle: { createBeforeDestroy: true },
      provisioners: [
        {
          type: "local-exec",
          interpreter: [
            "node",
            "--require",
            this.fromStackFolder(join(ROOT, "node_modules", "tsx", "dist", "cjs", "index.cjs")),
            this.fromStackFolder(join(ROOT, "cli", "code.ts")),
          ],
          command: part,
          environment: { TRIBUTARY_CODE: Lazy.stringValue({ produce: () => this.description }) },
        },
      ],
    });
  }

  /** By the files' names: the hashes before them are in another order after every change. */
  private get keys(): string[] {
    return [...this.files.keys()].sort((one, other) => (withoutHash(one) < withoutHash(other) ? -1 : 1));
  }

  /** All that the program is told, as JSON. */
  private get description(): string {
    const { bucketName, account, region, pathStyle } = this.props;
    const files = this.keys.map((key) => ({ key, path: this.files.get(key) }));
    return JSON.stringify({
      bucket: bucketName,
      account,
      region,
      pathStyle,
      folders: StoredCode.FOLDERS,
      files,
    });
  }

  private pathOf(folder: CodeFolder, file: CodeFile): string {
    // no asset of a wheel: copying the wheels into every stack's folder would take longer than synthesis
    return folder === "wheels" ? this.fromStackFolder(file.path) : codeAsset(this, file.name, file);
  }

  /** Path relative to the stack's folder of the output, in which Terraform runs. */
  private fromStackFolder(path: string): string {
    const stack = join("stacks", TerraformStack.of(this).node.id);
    return relative(resolve(App.of(this).outdir, stack), path);
  }
}

function withoutHash(key: string): string {
  return key.replace(/\/[0-9a-f]{64}\//, "/");
}
