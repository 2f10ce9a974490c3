/** Thrown when a variable that the function needs is missing: the deployment is wrong, no retry helps. */
export class MissingVariableError extends Error {
  override readonly name = "MissingVariableError";

  constructor(functionName: string, variables: readonly string[]) {
    super(
      `function ${functionName} needs the environment variables ${variables.join(", ")}, which are missing or empty: ` +
        "set each in the function's environment (FunctionVariables in runtime/variables.ts lists them)",
    );
  }
}

/**
 * Thrown for an event that this function cannot read. No retry helps; the on-failure queue keeps it for a
 * person.
 */
export class UnexpectedEventError extends Error {
  override readonly name = "UnexpectedEventError";

  constructor(expected: string, received: unknown) {
    super(`expected ${expected}, received ${JSON.stringify(received)}: check what invokes this function`);
  }
}

/** Thrown for a record of an S3 event that names no object version. No retry helps. */
export class MalformedRecordError extends Error {
  override readonly name = "MalformedRecordError";

  constructor(problem: string, received: unknown, advice: string) {
    super(`${problem}, received ${JSON.stringify(received)}: ${advice}`);
  }
}

/** Thrown for a manifest or a receipt that violates its JSON schema. No retry helps: its writer is wrong. */
export class SchemaViolationError extends Error {
  override readonly name = "SchemaViolationError";

  constructor(violation: string) {
    super(`${violation}: glue/tributary/manifests/*.schema.json say what is expected`);
  }
}

/** Thrown when EventBridge answered, and refused the alert. */
export class AlertRefusedError extends Error {
  override readonly name = "AlertRefusedError";

  constructor(summary: string, code: string | undefined, message: string | undefined) {
    super(`the event bus refused the alert "${summary}": ${code} ${message}`);
  }
}

/**
 * Thrown when DynamoDB kept leaving keys of a batch unread, which it does when it throttles. A retry may
 * help.
 */
export class UnreadKeysError extends Error {
  override readonly name = "UnreadKeysError";

  constructor(keys: number, attempts: number) {
    super(
      `${keys} keys are still unread after ${attempts} batch reads: the table throttles, try again later`,
    );
  }
}

/** Thrown at the end of an invocation in which some duties failed; `errors` holds each cause. */
export class DutiesFailedError extends AggregateError {
  override readonly name = "DutiesFailedError";

  constructor(failures: readonly { duty: string; error: Error }[]) {
    super(
      failures.map(({ error }) => error),
      failures.map(({ duty, error }) => `${duty}: ${error.name}: ${error.message}`).join("; "),
    );
  }
}
