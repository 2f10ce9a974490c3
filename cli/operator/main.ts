import { operatorProgram } from "./program";

// a reader such as head that has seen enough is no failure
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

operatorProgram((code) => {
  process.exitCode = code;
}).parseAsync();
