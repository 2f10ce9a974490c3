import { expected, expectedAt } from "./expected";

/** A variable that the function needs is missing: the deployment is wrong, no retry helps. */
export class MissingVariableError extends Error {
  override readonly name = "MissingVariableError";

  constructor(functionName: string, variables: readonly string[]) {
    super(
      `function ${functionName}: ${variables.map((name) => `environment variable ${name} is required`).join("; ")} ` +
        "(runtime/variables.ts lists them)",
    );
  }
}

/**
 * Thrown for an event that this function cannot read. No retry helps; the on-failure queue keeps it for a
 * person.
 */
export class UnexpectedEventError extends Error {
  override readonly name = "UnexpectedEventError";

  constructor(wanted: string, received: unknown) {
    super(`event: ${expected(wanted, received)}; check what invokes this function`);
  }
}

/** Thrown for a record of an S3 event that names no object version. No retry helps. */
export class MalformedRecordError extends Error {
  override readonly name = "MalformedRecordError";

  constructor(path: string, wanted: string, received: unknown) {
    super(expectedAt(path, wanted, received));
  }
}

/** Thrown for a manifest or a receipt that violates its JSON schema. No retry helps: its writer is wrong. */
export class SchemaViolationError extends Error {
  override readonly name = "SchemaViolationError";

  constructor(violation: string) {
    super(`${violation}; see glue/tributary/manifests/*.schema.json`);
  }
}

/** Thrown when EventBridge answered, and refused the alert. */
export class AlertRefusedError extends Error {
  override readonly name = "AlertRefusedError";

  constructor(summary: string, code: string | undefined, message: string | undefined) {
    super(`the event bus refused the alert "${summary}": ${code} ${message}`);
  }
}

/** Error at the end of an invocation in which some duties failed; `errors` holds each cause. */
export class DutiesFailedError extends AggregateError {
  override readonly name = "DutiesFailedError";

  constructor(failures: readonly { duty: string; error: Error }[]) {
    super(
      failures.map(({ error }) => error),
      failures.map(({ duty, error }) => `${duty}: ${error.name}: ${error.message}`).join("; "),
    );
  }
}
