import { setTimeout as sleep } from "node:timers/promises";

export const DAY_MS = 86_400_000;

export interface Clock {
  now(): Date;
  /** Resolves after so many milliseconds. */
  sleep(milliseconds: number): Promise<void>;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => new Date(),
  sleep: (milliseconds) => sleep(milliseconds),
};
