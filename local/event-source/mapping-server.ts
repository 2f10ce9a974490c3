import { Poller, type PollerOptions } from "./poller";

/** Number of pollers at first: Lambda begins with five, whatever the number of messages. */
const FIRST_POLLERS = 5;

/** Serves one mapping by pollers: five at first, one more while all are with the function, fewer when it is quiet. */
export class MappingServer {
  private readonly drain = new AbortController();
  private readonly working = new Set<Promise<void>>();
  private pollers = 0;
  private invocations = 0;

  constructor(
    private readonly options: PollerOptions & { readonly mapping: { maximumConcurrency: number } },
  ) {
    while (this.pollers < Math.min(FIRST_POLLERS, this.most)) this.add();
  }

  /** Begins no further batch; resolves when the last one is finished. */
  async end(): Promise<void> {
    this.drain.abort();
    while (this.working.size > 0) await Promise.all(this.working);
  }

  private get most(): number {
    return this.options.mapping.maximumConcurrency;
  }

  private get ending(): boolean {
    return this.drain.signal.aborted || this.options.signal.aborted;
  }

  private add(): void {
    this.pollers += 1;
    const work = this.poll(new Poller(this.options)).finally(() => {
      this.working.delete(work);
    });
    this.working.add(work);
  }

  private async poll(poller: Poller): Promise<void> {
    const { mapping, signal, warn } = this.options;
    try {
      while (!this.ending) {
        try {
          const batch = await poller.gather();
          if (batch.length > 0) await this.deliver(poller, batch);
          else if (this.pollers > Math.min(FIRST_POLLERS, this.most)) break;
        } catch (error) {
          if (signal.aborted) break;
          warn(`${mapping.queueArn}: ${(error as Error).message}`);
          await poller.rest(signal).catch(() => undefined);
        }
      }
      await poller.end();
    } catch (error) {
      // They return by their visibility timeout.
      if (!signal.aborted) warn(`${mapping.queueArn}: ${(error as Error).message}`);
    } finally {
      this.pollers -= 1;
    }
  }

  private async deliver(poller: Poller, batch: Parameters<Poller["deliver"]>[0]): Promise<void> {
    this.invocations += 1;
    if (this.invocations === this.pollers && this.pollers < this.most && !this.ending) this.add();
    await poller.deliver(batch).finally(() => {
      this.invocations -= 1;
    });
  }
}
