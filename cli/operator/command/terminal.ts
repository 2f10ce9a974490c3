import type { Writable } from "node:stream";

/** Progress goes to a screen at once, and to a file at most once in this time. */
const QUIET_MILLISECONDS = 5000;

type Screen = Writable & { readonly isTTY?: boolean };

/** Where a command writes: results to standard output, as text or as JSON; progress to standard error. */
export class Terminal {
  private saidAt = Date.now();
  private isRewriting = false;

  constructor(
    readonly json: boolean,
    private readonly output: Screen = process.stdout,
    private readonly errors: Screen = process.stderr,
  ) {}

  /** The result in both forms, of which one is written. */
  show(data: unknown, text: string): void {
    this.write(this.json ? JSON.stringify(data, undefined, 2) : text);
  }

  /** Lines of either form, as they stand. */
  write(text: string): void {
    this.clear();
    this.output.write(`${text}\n`);
  }

  /** What goes on while it goes on: replaced on a screen by the next. */
  progress(text: string): void {
    if (this.errors.isTTY) {
      this.errors.write(`\r\u001b[K${text}`);
      this.isRewriting = true;
    } else if (Date.now() - this.saidAt >= QUIET_MILLISECONDS) {
      this.saidAt = Date.now();
      this.errors.write(`${text}\n`);
    }
  }

  /** What a user should know beside the result. */
  warn(text: string): void {
    this.clear();
    this.errors.write(`${text}\n`);
  }

  private clear(): void {
    if (this.isRewriting) this.errors.write("\r\u001b[K");
    this.isRewriting = false;
  }
}
