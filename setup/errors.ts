/**
 * Thrown when the machine lacks something that the user can provide; the message names it and the way out.
 */
export class SetUpError extends Error {
  override readonly name = "SetUpError";
}

/** Thrown with a message that says all: a stack trace would only hide it. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
