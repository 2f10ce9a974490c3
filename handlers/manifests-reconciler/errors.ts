/** Thrown when SQS answered, and refused messages. The next round sends them. */
export class MessagesRefusedError extends Error {
  override readonly name = "MessagesRefusedError";

  constructor(messages: number, code: string | undefined, message: string | undefined) {
    super(`the queue refused ${messages} messages, the first with ${code}: ${message}`);
  }
}

/** Thrown when manifests cannot be read. A person must look at those that are named; the others went on. */
export class UnjudgedManifestsError extends AggregateError {
  override readonly name = "UnjudgedManifestsError";

  constructor(errors: readonly Error[]) {
    super(
      errors,
      `${errors.length} manifests could not be judged: ${errors[0]?.name}: ${errors[0]?.message}`,
    );
  }
}
