import type { Environment } from "../../environments/schema";

/** Arguments of every job that works on files: `FileLimitArguments` in glue/tributary/conversion/limits.py. */
export function fileLimitArguments({ fileLimits }: Environment): Record<string, string> {
  return {
    file_decompressed_gigabytes: String(fileLimits.decompressedGigabytes),
    file_ratio: String(fileLimits.ratio),
    file_dead_letters: String(fileLimits.deadLetters),
    file_dead_letter_megabytes: String(fileLimits.deadLetterMegabytes),
    file_partitions: String(fileLimits.partitions),
    file_seconds: String(fileLimits.seconds),
  };
}
