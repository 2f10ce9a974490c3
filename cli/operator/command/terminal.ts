import { erase, print, printJson, printOver, type Screen } from "../../../setup/terminal";

/** Minimum interval between two lines of progress in a file; a screen shows it immediately. */
const QUIET_MILLISECONDS = 5000;

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
    this.clear();
    if (this.json) printJson(data, 2, this.output);
    else print(text, this.output);
  }

  /** Writes one of many results as a line of JSON. */
  record(data: unknown): void {
    this.clear();
    printJson(data, undefined, this.output);
  }

  /** Writes lines of text. */
  write(text: string): void {
    this.clear();
    print(text, this.output);
  }

  /** Shows progress: on a screen the next line replaces it. */
  progress(text: string): void {
    if (this.errors.isTTY) {
      printOver(text, this.errors);
      this.isRewriting = true;
    } else if (Date.now() - this.saidAt >= QUIET_MILLISECONDS) {
      this.saidAt = Date.now();
      print(text, this.errors);
    }
  }

  /** Writes a warning, in addition to the result. */
  warn(text: string): void {
    this.clear();
    print(text, this.errors);
  }

  private clear(): void {
    if (this.isRewriting) erase(this.errors);
    this.isRewriting = false;
  }
}
