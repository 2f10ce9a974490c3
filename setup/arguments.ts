/** Readers of commands' options and arguments. */
import { InvalidArgumentError } from "commander";
import { expected } from "../runtime/expected";

/** Commander's parser of `what`, by a reader that gives undefined for anything else. */
export function argument<T>(what: string, read: (text: string) => T | undefined): (text: string) => T {
  return (text) => {
    const value = read(text);
    if (value === undefined) throw new InvalidArgumentError(expected(what, text));
    return value;
  };
}

/** Commander's parser of a whole number in a range. */
export function whole(from: number, to: number): (text: string) => number {
  return argument(`a whole number from ${from} to ${to}`, (text) => {
    const number = Number(text);
    return /^\d+$/.test(text) && number >= from && number <= to ? number : undefined;
  });
}
