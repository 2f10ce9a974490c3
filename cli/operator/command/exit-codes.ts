/** What `tributary` ends with. */
export const EXIT = {
  /** Done, or shown. */
  ok: 0,
  /** It could not be done, or not all of it. */
  failed: 1,
  /** Unknown words, options that exclude each other, an environment that does not exist. */
  usage: 2,
  /** Nothing is there that fits: a script can tell an empty answer from a failure. */
  nothing: 3,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
