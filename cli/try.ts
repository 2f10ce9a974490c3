import { runToExitCode } from "../setup/command";
import { runPythonModule } from "./python-module";

// Parses and transforms local files as the job would.
runToExitCode(() => runPythonModule("tributary.try_dataset"));
