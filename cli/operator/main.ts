import { guardTerminal } from "../../setup/terminal";
import { operatorProgram } from "./program";

guardTerminal();

operatorProgram((code) => {
  process.exitCode = code;
}).parseAsync();
