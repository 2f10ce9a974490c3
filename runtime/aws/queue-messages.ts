/** Messages of a queue that S3 sends its notifications to, as a function receives and answers them. */
export interface Message {
  readonly messageId: string;
  readonly body: string;
}

/** Message that SQS must deliver again, and the reason. */
export interface Failure {
  readonly messageId: string;
  readonly error: Error;
}

/**
 * Partial batch response: SQS delivers these messages again and deletes the others.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html (2026-11-29)
 */
export interface BatchResponse {
  batchItemFailures: { itemIdentifier: string }[];
}
