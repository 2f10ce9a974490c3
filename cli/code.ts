/**
 * Stores the code of jobs and marks what no job names any more; Terraform runs it, and tells it in a variable what the
 * stack names.
 */
import { S3Client } from "@aws-sdk/client-s3";
import { command, runToExitCode } from "../setup/command";
import { print } from "../setup/terminal";
import { type Code, markUnnamed, storeCode } from "./code-objects";

type Part = (s3: S3Client, code: Code) => Promise<string>;

async function run(part: Part): Promise<number> {
  const code: Code = JSON.parse(process.env["TRIBUTARY_CODE"] ?? "{}");
  const s3 = new S3Client({ region: code.region, forcePathStyle: code.pathStyle });
  print(await part(s3, code));
  return 0;
}

const program = command(
  "code",
  "Store and mark the code of jobs, as a stack of Terraform's says in TRIBUTARY_CODE.",
);
program
  .command("store")
  .description("upload what is not there")
  .action(() => runToExitCode(() => run(storeCode)));
program
  .command("mark")
  .description("mark what the stack does not name, so that it expires")
  .action(() => runToExitCode(() => run(markUnnamed)));
program.parseAsync();
