/** Exit codes of `tributary`. */
export const EXIT = {
  /** Done, or shown. */
  ok: 0,
  /** It failed, or a part of it did. */
  failed: 1,
  /** Unknown arguments, options that exclude each other, an environment that does not exist. */
  usage: 2,
  /** Nothing matches: a script can distinguish an empty answer from a failure. */
  nothing: 3,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
