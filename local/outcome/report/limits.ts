/** How much of the data a page shows. */
export interface Limits {
  /** Greatest number of entries of each list. */
  readonly entries: number;
  /** Greatest number of characters of each text. */
  readonly characters: number;
}

/** Limits of a page that need not be made smaller. */
export const WIDEST: Limits = { entries: 64, characters: 320 };

/** Half of the limits; undefined where nothing would be left to halve. */
export function halved({ entries, characters }: Limits): Limits | undefined {
  if (entries <= 1) return undefined;
  return { entries: Math.floor(entries / 2), characters: Math.max(Math.floor(characters / 2), 16) };
}

/** A text, its end cut where it is long. */
export function cut(text: string, { characters }: Limits): string {
  if (text.length <= characters) return text;
  return `${Array.from(text.slice(0, characters)).slice(0, -1).join("")}…`;
}
