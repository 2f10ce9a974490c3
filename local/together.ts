/**
 * Waits for all of `work`. Where one fails the others are given up by `failure`, and the first failure is thrown once all
 * have ended.
 */
export async function together<const Work extends readonly Promise<unknown>[]>(
  failure: AbortController,
  ...work: Work
): Promise<{ -readonly [Index in keyof Work]: Awaited<Work[Index]> }> {
  try {
    return await Promise.all(work);
  } catch (error) {
    failure.abort(error);
    await Promise.allSettled(work);
    throw error;
  }
}
