/** Answer of an invocation. */
export interface Answer {
  /** Set where the function threw, ran out of time or could not be loaded. */
  readonly functionError?: string;
  readonly payload: string;
}

/**
 * Ids of the messages that a batch leaves in its queue; "all" where the whole batch failed, with the reason.
 *
 * Lambda documents as success: an empty or null list, an empty or null answer; as failure of the whole batch:
 * an error, JSON that cannot be read, an identifier that is empty, null, under another key or that of no
 * message.
 */
export function failuresOf(
  answer: Answer,
  reportsFailures: boolean,
  messageIds: ReadonlySet<string>,
): { readonly failed: ReadonlySet<string> | "all"; readonly reason?: string } {
  if (answer.functionError !== undefined) {
    return { failed: "all", reason: `${answer.functionError}: ${answer.payload}` };
  }
  if (!reportsFailures) return { failed: new Set() };
  try {
    const identifiers = identifiersOf(answer.payload);
    const unknown = identifiers.find((identifier) => !messageIds.has(identifier));
    if (unknown !== undefined) throw new Error(`"${unknown}" is the id of no message of the batch`);
    return { failed: new Set(identifiers) };
  } catch (error) {
    return { failed: "all", reason: `the function's answer is malformed: ${(error as Error).message}` };
  }
}

/**
 * Parses the identifiers.
 *
 * @throws Error where the answer is none that Lambda documents
 */
function identifiersOf(payload: string): string[] {
  if (payload.trim() === "") return [];
  const response: unknown = JSON.parse(payload);
  const list = (response as { batchItemFailures?: unknown } | null)?.batchItemFailures ?? [];
  if (!Array.isArray(list)) throw new Error("batchItemFailures is no list");
  return list.map((item: { itemIdentifier?: unknown } | null) => {
    const identifier = item?.itemIdentifier;
    if (typeof identifier !== "string" || identifier === "") {
      throw new Error("an item of batchItemFailures has no itemIdentifier");
    }
    return identifier;
  });
}
