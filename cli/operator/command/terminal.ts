import type { Writable } from "node:stream";

/** Minimum interval between two lines of progress in a file; a screen shows it immediately. */
const QUIET_MILLISECONDS = 5000;

type Screen = Writable & { readonly isTTY?: boolean };

/** Output of a command: results to standard output, as text or as JSON; progress to standard error. */
export class Terminal {
  private saidAt = Date.now();
  private isRewriting = false;

  constructor(
    readonly json: boolean,
    private readonly output: Screen = process.stdout,
    private readonly errors: Screen = process.stderr,
  ) {}

  /** Writes one of the two forms of the result. */
  show(data: unknown, text: string): void {
    this.write(this.json ? JSON.stringify(data, undefined, 2) : text);
  }

  /** Writes lines of either form unchanged. */
  write(text: string): void {
    this.clear();
    this.output.write(`${text}\n`);
  }

  /** Shows progress: on a screen the next line replaces it. */
  progress(text: string): void {
    if (this.errors.isTTY) {
      this.errors.write(`\r\u001b[K${text}`);
      this.isRewriting = true;
    } else if (Date.now() - this.saidAt >= QUIET_MILLISECONDS) {
      this.saidAt = Date.now();
      this.errors.write(`${text}\n`);
    }
  }

  /** Writes a warning, in addition to the result. */
  warn(text: string): void {
    this.clear();
    this.errors.write(`${text}\n`);
  }

  private clear(): void {
    if (this.isRewriting) this.errors.write("\r\u001b[K");
    this.isRewriting = false;
  }
}
