import { resolve } from "node:path";

/** Folder of the checkout. */
export const ROOT = resolve(__dirname, "..", "..");

/** Folder of what is built: never committed, safe to delete. */
export const WORKING_FOLDER = resolve(ROOT, ".tributary");
