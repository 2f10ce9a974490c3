/** Names that S3 keeps, and other places may not: of any characters but NUL. */
export const ODD_NAMES = [
  "\u0001\u001f\u007f\u0085",
  "\ufffe\uffff",
  "😀".repeat(200),
  "trailing ",
  "%00 + & = ? #",
  "../../up",
  "./here",
  "double//slash",
  "..",
  'quote"\\',
] as const;

/** A name as S3 keeps it, too, that text of PostgreSQL cannot hold. */
export const NUL_NAME = "a\0b";
