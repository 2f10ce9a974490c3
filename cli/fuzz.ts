import { runToExitCode } from "../setup/command";
import { runPythonModule } from "./python-module";

// Compares the native NDJSON kernel with the plain one.
runToExitCode(() => runPythonModule("tests.fuzz"));
