import { describe, expect, test } from "@jest/globals";
import { fitsForm } from "./arn-form";

/** Form in which AWS publishes the ARNs of a type, with its variable parts in angle brackets here. */
function form(text: string): string {
  return text.replaceAll(/<(\w+)>/g, (_, name) => `\${${name}}`);
}

const BUCKET = form("arn:<Partition>:s3:::<BucketName>");
const OBJECT = form("arn:<Partition>:s3:::<BucketName>/<ObjectName>");
const TABLE = form("arn:<Partition>:dynamodb:<Region>:<Account>:table/<TableName>");
const INDEX = form("arn:<Partition>:dynamodb:<Region>:<Account>:table/<TableName>/index/<IndexName>");
const STREAM = form(
  "arn:<Partition>:logs:<Region>:<Account>:log-group:<LogGroupName>:log-stream:<LogStreamName>",
);

describe("an ARN in a policy", () => {
  test.each([
    ["arn:aws:s3:::raw", BUCKET],
    ["arn:aws:s3:::raw-*", BUCKET],
    ["arn:aws:s3:::raw/input/*", OBJECT],
    ["arn:aws:s3:::raw*", OBJECT],
    ["arn:aws:dynamodb:us-east-1:111122223333:table/uploads", TABLE],
    ["arn:aws:dynamodb:*:*:*", TABLE],
    ["arn:aws:dynamodb:us-east-1:111122223333:table/upload?/index/pending", INDEX],
    ["arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/x:*", STREAM],
  ])("%s fits %s", (arn, published) => {
    expect(fitsForm(arn, published)).toBe(true);
  });

  test.each([
    ["arn:aws:s3:::raw/input/*", BUCKET],
    ["arn:aws:s3:::raw", OBJECT],
    ["arn:aws:s3:::", BUCKET],
    ["arn:aws:sqs:us-east-1:111122223333:raw", BUCKET],
    ["arn:aws:dynamodb:us-east-1:111122223333:table/uploads/index/pending", TABLE],
    ["arn:aws:dynamodb:us-east-1:111122223333:table/uploads", INDEX],
    ["arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/x", STREAM],
  ])("%s does not fit %s", (arn, published) => {
    expect(fitsForm(arn, published)).toBe(false);
  });
});
