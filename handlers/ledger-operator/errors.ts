/** Thrown for a request that no command understands. No retry helps: its sender is of another version. */
export class UnreadableRequestError extends Error {
  override readonly name = "UnreadableRequestError";

  constructor(part: string, received: unknown, expected: string) {
    super(`${part} is ${JSON.stringify(received)}; use ${expected}`);
  }
}
