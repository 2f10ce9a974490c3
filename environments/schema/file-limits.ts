import { z } from "zod";
import { whole } from "./kinds";

/** Limits of one file, the same in every pipeline; one beyond them goes to quarantine as a whole. */
export const fileLimits = z.strictObject({
  decompressedGigabytes: whole(1, 100_000, "GB", {
    description: "Maximum that a compressed file may decompress to.",
  }).default(64),
  ratio: whole(10, 1_000_000, "times", {
    description:
      "Maximum of decompressed to stored bytes, for a file of more than 64 MB decompressed; logs have 10 to 100.",
  }).default(500),
  deadLetters: whole(1, 100_000_000, "dead letters", {
    description: "Maximum dead letters of a file; one with more is wrong as a whole.",
  }).default(100_000),
  deadLetterMegabytes: whole(1, 4000, "MB", {
    description: "Maximum size of a file's dead letters.",
  }).default(64),
  partitions: whole(1, 100_000, "partitions", {
    description:
      "Maximum partitions of a batch in which the rows of a file lie, each an object at least; a year by day and three modes has 1098.",
  }).default(1200),
  seconds: whole(10, 3600, "s", {
    description:
      "Time for the work on a file, and one second more for each 4 MB of its content; what takes longer hangs.",
  }).default(120),
});
