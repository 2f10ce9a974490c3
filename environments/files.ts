/** Environments, one line each: name and file. */
export { dev } from "./dev";
export { local } from "./local";
export { prod } from "./prod";
export { staging } from "./staging";
