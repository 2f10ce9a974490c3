/** A variable that the function needs is missing: the deployment is wrong, no retry helps. */
export class MissingVariableError extends Error {
  override readonly name = "MissingVariableError";

  constructor(functionName: string, variables: readonly string[]) {
    super(
      `function ${functionName} needs the environment variables ${variables.join(", ")}, which are missing or empty: ` +
        "set each in the function's environment (FunctionVariables in handlers/shared/variables.ts lists them)",
    );
  }
}

/** An event that this function cannot read. No retry helps; the on-failure queue keeps it for a person. */
export class UnexpectedEventError extends Error {
  override readonly name = "UnexpectedEventError";

  constructor(expected: string, received: unknown) {
    super(`expected ${expected}, received ${JSON.stringify(received)}: check what invokes this function`);
  }
}

/** A record of an S3 event that names no object version. No retry helps. */
export class MalformedRecordError extends Error {
  override readonly name = "MalformedRecordError";

  constructor(problem: string, received: unknown, advice: string) {
    super(`${problem}, received ${JSON.stringify(received)}: ${advice}`);
  }
}

/** A manifest or a receipt that is not what its JSON schema says. No retry helps: its writer is wrong. */
export class SchemaViolationError extends Error {
  override readonly name = "SchemaViolationError";

  constructor(violation: string) {
    super(`${violation}: glue/tributary/*.schema.json say what is expected`);
  }
}

/** Another builder claimed the file a moment ago and may still write its manifest. The message comes back. */
export class ClaimedElsewhereError extends Error {
  override readonly name = "ClaimedElsewhereError";

  constructor(key: string, manifest: string) {
    super(`${key} is claimed by ${manifest}, which does not stand yet: it is taken over once it is late`);
  }
}

/** The item of a file changed before each of several writes. The message comes back. */
export class ContestedFileError extends Error {
  override readonly name = "ContestedFileError";

  constructor(key: string, attempts: number) {
    super(`the item of ${key} changed before each of ${attempts} writes: other builders are at work on it`);
  }
}

/** The invocation's time is nearly over. The message comes back. */
export class OutOfTimeError extends Error {
  override readonly name = "OutOfTimeError";

  constructor(work: string, remainingMs: number) {
    super(`${work} was not begun with ${remainingMs} ms left: fewer files a batch would do`);
  }
}

/** S3 refused to write a manifest because it stands, and then it did not: somebody deletes manifests. */
export class ManifestVanishedError extends Error {
  override readonly name = "ManifestVanishedError";

  constructor(key: string) {
    super(`${key} stood and is gone: nobody may delete manifests, for their names must not be used again`);
  }
}

/** EventBridge answered, and refused the alert. */
export class AlertRefusedError extends Error {
  override readonly name = "AlertRefusedError";

  constructor(summary: string, code: string | undefined, message: string | undefined) {
    super(`the event bus refused the alert "${summary}": ${code} ${message}`);
  }
}

/** DynamoDB kept leaving keys of a batch unread, which it does when it throttles. A retry may help. */
export class UnreadKeysError extends Error {
  override readonly name = "UnreadKeysError";

  constructor(keys: number, attempts: number) {
    super(
      `${keys} keys are still unread after ${attempts} batch reads: the table throttles, try again later`,
    );
  }
}

/** What is thrown at the end of an invocation in which some duties failed; `errors` holds each cause. */
export class DutiesFailedError extends AggregateError {
  override readonly name = "DutiesFailedError";

  constructor(failures: readonly { duty: string; error: Error }[]) {
    super(
      failures.map(({ error }) => error),
      failures.map(({ duty, error }) => `${duty}: ${error.name}: ${error.message}`).join("; "),
    );
  }
}
