import { expectedAt } from "../../runtime/expected";

/** A request that says what no command understands. No retry helps: whoever sent it is of another version. */
export class UnreadableRequestError extends Error {
  override readonly name = "UnreadableRequestError";

  constructor(part: string, received: unknown, wanted: string) {
    super(expectedAt(part, wanted, received));
  }
}
