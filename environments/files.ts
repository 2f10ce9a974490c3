/** One line for each environment: its name and its file. */
export { dev } from "./dev";
export { local } from "./local";
export { prod } from "./prod";
export { staging } from "./staging";
