import type { IncomingMessage } from "node:http";

/** Bytes of all callers. Glue's calls have a few thousand each. */
const MOST_BYTES = 64 * 2 ** 20;

/**
 * Bodies of calls. A signature covers the body, so each is read before it is known who sends it: strangers may not fill
 * the memory meanwhile.
 */
export class Bodies {
  private held = 0;

  /** Reads a body to its end and hands it to `work`; undefined where there is no room for it. */
  async read(
    request: IncomingMessage,
    work: (body: Buffer | undefined) => Promise<void> | void,
  ): Promise<void> {
    let chunks: Buffer[] | undefined = [];
    let bytes = 0;
    const hold = (more: number) => {
      bytes += more;
      this.held += more;
    };
    try {
      // to the end in any case: an answer that comes before it may be lost with the connection
      for await (const chunk of request as AsyncIterable<Buffer>) {
        if (chunks === undefined) continue;
        chunks.push(chunk);
        hold(chunk.length);
        if (this.held <= MOST_BYTES) continue;
        chunks = undefined;
        hold(-bytes);
      }
      await work(chunks && Buffer.concat(chunks));
    } finally {
      hold(-bytes);
    }
  }
}
