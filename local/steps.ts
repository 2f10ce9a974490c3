/** One finished step of a run, as it stands in the report. */
export interface Step {
  readonly name: string;
  readonly seconds: number;
}

const FRAME_MILLISECONDS = 1000;
const NARROWEST_COLUMNS = 20;

/** Shows each step as a line with its state and time, and keeps them for the report. */
export class Steps {
  readonly finished: Step[] = [];

  constructor(
    private readonly signal: AbortSignal,
    private readonly out: NodeJS.WritableStream & { isTTY?: boolean; columns?: number } = process.stdout,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * Runs `work` as the step `name`. `work` may report what it is doing; the last report stands beside the time.
   * Whatever `work` throws is shown as the step's failure and thrown on; once the run is aborted, no step begins.
   */
  async run<Result>(
    name: string,
    work: (report: (detail: string) => void) => Promise<Result>,
  ): Promise<Result> {
    this.signal.throwIfAborted();
    const began = this.now();
    let detail = "";
    const elapsed = () => (this.now() - began) / 1000;
    const frame = () => this.overwrite(line("…", name, elapsed(), detail));
    const report = (next: string) => {
      detail = next;
      frame();
    };
    frame();
    const ticking = setInterval(frame, FRAME_MILLISECONDS);
    try {
      const result = await work(report);
      this.finish(line("✓", name, elapsed(), detail));
      return result;
    } catch (error) {
      this.finish(line("✗", name, elapsed(), detail));
      throw error;
    } finally {
      clearInterval(ticking);
      this.finished.push({ name, seconds: round(elapsed()) });
    }
  }

  private overwrite(text: string): void {
    // A line that wraps would stay on the screen at each frame.
    const columns = Math.max((this.out.columns || Number.POSITIVE_INFINITY) - 1, NARROWEST_COLUMNS);
    if (this.out.isTTY) this.out.write(`\r\u001b[K${text.slice(0, columns)}`);
  }

  private finish(text: string): void {
    this.out.write(this.out.isTTY ? `\r\u001b[K${text}\n` : `${text}\n`);
  }
}

function line(mark: string, name: string, seconds: number, detail: string): string {
  return `${mark} ${name.padEnd(34)} ${seconds.toFixed(1).padStart(6)} s  ${detail}`.trimEnd();
}

/** Seconds to a tenth, as they are shown and reported. */
export function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
