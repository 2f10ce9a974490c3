/** DynamoDB kept leaving keys of a batch unread, which it does when it throttles. A retry may help. */
export class UnreadKeysError extends Error {
  override readonly name = "UnreadKeysError";

  constructor(keys: number, attempts: number) {
    super(
      `${keys} keys are still unread after ${attempts} batch reads: the table throttles, try again later`,
    );
  }
}
