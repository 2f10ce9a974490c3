/** Runs tasks in the order in which they came, at most `atOnce` of them concurrently. */
export type Limiter = <Result>(run: () => Promise<Result>) => Promise<Result>;

export function limiter(atOnce: number): Limiter {
  const waiting: (() => void)[] = [];
  let free = atOnce;
  return async (run) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
