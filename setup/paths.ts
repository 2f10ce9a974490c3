import { delimiter, join } from "node:path";

/** The folder of the checkout. */
export const ROOT = join(__dirname, "..");

/** Folder of everything that the project makes for itself: never committed, safe to delete. */
export const WORKING_FOLDER = join(ROOT, ".tributary");

/** Search path of the project's Python modules: those of glue/ by their own names, others by their folders'. */
export const PYTHONPATH = [join(ROOT, "glue"), ROOT].join(delimiter);
