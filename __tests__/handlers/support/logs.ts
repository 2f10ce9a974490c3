import { afterEach, beforeEach, jest } from "@jest/globals";

/** Keeps the functions' log lines of each test of a file, and off the terminal. */
export function keepLogs(): { lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  beforeEach(() => {
    written.length = 0;
    jest.spyOn(process.stdout, "write").mockImplementation((line) => written.push(String(line)) > 0);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  return { lines: () => written.map((line) => JSON.parse(line)) };
}
