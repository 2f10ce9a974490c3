import { erase, print, printOver, type Screen, visible } from "../setup/terminal";

/** Finished step of a run, as in the report. */
export interface Step {
  readonly name: string;
  /** Seconds from the start of the run to that of the step. */
  readonly began: number;
  readonly seconds: number;
  /** What it said last of itself. */
  readonly detail: string;
  readonly succeeded: boolean;
}

const FRAME_MILLISECONDS = 1000;
const NARROWEST_COLUMNS = 20;
const SEPARATOR = " │ ";

/** Shows each step as a line with its state and time, and keeps them for the report. Steps may overlap. */
export class Steps {
  readonly finished: Step[] = [];
  /** Lines of the active steps. */
  private readonly active = new Map<symbol, () => string>();
  private readonly start: number;

  constructor(
    private readonly signal: AbortSignal,
    private readonly out: Screen = process.stdout,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.start = now();
  }

  /**
   * Runs `work` as the step `name`. `work` may report what it is doing; the last report is shown next to the
   * time. Any error of `work` is shown as the step's failure and rethrown; once the run is aborted, no step
   * begins.
   */
  async run<Result>(
    name: string,
    work: (report: (detail: string) => void) => Promise<Result>,
  ): Promise<Result> {
    this.signal.throwIfAborted();
    const began = this.now();
    const id = Symbol(name);
    let detail = "";
    const elapsed = () => (this.now() - began) / 1000;
    this.active.set(id, () => line("…", name, elapsed(), detail));
    const report = (next: string) => {
      detail = next;
      this.frame();
    };
    this.frame();
    const ticking = setInterval(() => this.frame(), FRAME_MILLISECONDS);
    const end = (succeeded: boolean) => {
      this.active.delete(id);
      this.finish(line(succeeded ? "✓" : "✗", name, elapsed(), detail));
      const after = round((began - this.start) / 1000);
      this.finished.push({ name, began: after, seconds: round(elapsed()), detail, succeeded });
    };
    try {
      const result = await work(report);
      end(true);
      return result;
    } catch (error) {
      end(false);
      throw error;
    } finally {
      clearInterval(ticking);
    }
  }

  /** Shows all steps under way on the last line, which each frame rewrites. */
  private frame(): void {
    // A line that wraps would stay on the screen at each frame.
    const columns = Math.max((this.out.columns || Number.POSITIVE_INFINITY) - 1, NARROWEST_COLUMNS);
    const shown = [...this.active.values()].map((show) => show());
    const share = Math.floor((columns - SEPARATOR.length * (shown.length - 1)) / shown.length);
    const text = shown.map((one) => one.replace(/ {2,}/g, shown.length > 1 ? " " : "$&").slice(0, share));
    if (this.out.isTTY) printOver(text.join(SEPARATOR), this.out);
  }

  private finish(text: string): void {
    if (this.out.isTTY) erase(this.out);
    print(text, this.out);
    if (this.active.size > 0) this.frame();
  }
}

function line(mark: string, name: string, seconds: number, detail: string): string {
  return `${mark} ${name.padEnd(34)} ${seconds.toFixed(1).padStart(6)} s  ${visible(detail)}`.trimEnd();
}

/** Seconds to a tenth, as they are shown and reported. */
export function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
