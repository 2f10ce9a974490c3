import { bucketName, databaseName, workgroupName } from "../../../environments/schema";
import { query } from "../../../runtime/aws/athena";
import type { Operator } from "../command/operator";
import { linesOf } from "../letters/lines";
import { openText } from "../manifests/objects";
import type { Found } from "./checks";
import type { Letter, SentFile } from "./sent";

/** Asks Athena for the rows of a test. `partition` limits what it reads. */
export async function readRows(
  { aws, environment }: Operator,
  { dataset, label }: SentFile,
  partition?: string,
): Promise<Found["rows"]> {
  const place = { database: databaseName(environment), workgroup: workgroupName(environment) };
  const where = [`"label" = '${label}'`, ...(partition === undefined ? [] : [partition])].join(" AND ");
  const sql = `SELECT "number", "text" FROM "${dataset}" WHERE ${where} ORDER BY "number"`;
  const [, ...rows] = await query(aws.athena, place, sql);
  return rows.map(([number = "", text = ""]) => ({ number, text }));
}

/** Reads dead letters of the quarantine bucket; none where there is no such object. */
export async function readLetters(operator: Operator, key: string): Promise<Letter[]> {
  const stream = await openText(operator, bucketName(operator.environment, "quarantine"), key);
  const letters: Letter[] = [];
  if (stream === undefined) return letters;
  for await (const line of linesOf(stream)) {
    const { line: number, raw_text: text = "" } = JSON.parse(line);
    letters.push({ line: number, text });
  }
  return letters;
}
