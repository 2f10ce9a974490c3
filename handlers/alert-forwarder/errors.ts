/** Thrown for a secret that holds no address; its value is never said. No retry helps. */
export class PagerSecretError extends Error {
  override readonly name = "PagerSecretError";

  constructor(secret: string) {
    super(`secret ${secret}: expected the address of a pager service, which begins with https://`);
  }
}

/** Thrown when a pager service does not take a notification; its address is never said, for it has a key. */
export class PagerError extends Error {
  override readonly name = "PagerError";

  constructor(secret: string, answer: string) {
    super(`the pager service of secret ${secret} did not take the notification: ${answer}`);
  }
}
