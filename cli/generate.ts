import { runToExitCode } from "../setup/command";
import { runPythonModule } from "./python-module";

// Writes files to try and test the platform with.
runToExitCode(() => runPythonModule("local.generator"));
