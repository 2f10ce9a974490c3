import { join } from "node:path";

/** The folder of the checkout. */
export const ROOT = join(__dirname, "..");

/** Folder of everything that the project makes for itself: never committed, safe to delete. */
export const WORKING_FOLDER = join(ROOT, ".tributary");
