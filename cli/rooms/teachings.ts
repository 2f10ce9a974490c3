/** Advice on an import that is not drawn, from both of its rooms. */
export interface Teaching {
  /** Sources of the room that wanted to import. */
  readonly asImporter: string;
  /** Way to reach the room that was to be imported. */
  readonly asImported: string;
}

const AROUND =
  "nobody imports what stands around the platform: move what you need to setup/ or runtime/, or run the command as a process";
const TEST = { asImporter: "anything", asImported: "move the helper into the room it belongs to" };
const PIPELINE = {
  asImporter:
    "a pipeline knows no other: move what both need to conversion/, objects/, distribution/ or running/",
  asImported:
    "only a job calls a pipeline: move what both need to conversion/, objects/, distribution/ or running/",
};

/** By room, as the pictures name them. */
export const TEACHINGS: Readonly<Record<string, Teaching>> = {
  "main.ts": {
    asImporter: "only wires stacks and environments: build resources in stacks/",
    asImported: "run it as a process, as cli/synth.ts does",
  },
  stacks: {
    asImporter:
      "names a function's code by BundledFunction, and takes of runtime/ only the names that functions share with it (indexes, states of a run, the latest view, the audit's prefixes)",
    asImported:
      "a name that both need is made by environments/schema/names.ts; what was deployed, Terraform's outputs say",
  },
  constructs: {
    asImporter:
      "a construct knows no stack and no environment, and of runtime/ only what its arrows name: take the value as a prop",
    asImported: "build resources in stacks/",
  },
  environments: {
    asImporter: "is plain data and its schema: pass what it needs as a setting",
    asImported:
      "take the value as a prop (constructs/), an environment variable (handlers/, runtime/: runtime/variables.ts) or a job argument (glue/)",
  },
  handlers: {
    asImporter:
      "runs in Lambda and imports runtime/ alone: pass the value as an environment variable (runtime/variables.ts)",
    asImported:
      "is closed: move what others need to runtime/; the bench of the manifest builder alone enters",
  },
  runtime: {
    asImporter:
      "is bundled into functions: pass the value as an argument; a contract with glue/ is a JSON schema",
    asImported: "pass the value in from outside: as a prop, a setting or an argument",
  },
  cli: {
    asImporter:
      "works on what is deployed: take names from environments/, what functions do from runtime/, and run other programs as processes",
    asImported: AROUND,
  },
  local: {
    asImporter:
      "is the platform that Terraform deployed: take names from environments/, and run other programs as processes",
    asImported: AROUND,
  },
  bench: {
    asImporter: "measures glue/ and runtime/, and the manifest builder of handlers/",
    asImported: AROUND,
  },
  setup: {
    asImporter: "gets the tools that commands need, and knows no command: pass the value as an argument",
    asImported: "only commands set up tools and start programs: pass the path or the result as an argument",
  },
  glue: {
    asImporter:
      "is shipped to Glue by itself: pass the value as a job argument, move code that it needs into it",
    asImported: "run the Python module as a process; a contract with it is a JSON schema",
  },
  __tests__: TEST,
  tests: TEST,

  jobs: {
    asImporter: "reads its arguments and calls one pipeline: move other code into the pipeline's package",
    asImported: "a job is a script that Glue starts: move what you need to running/",
  },
  inference: {
    asImporter: "looks at files by the readers of kernels/, and converts none: that is try_dataset's",
    asImported: "is a command: move what you need to kernels/",
  },
  try_dataset: {
    asImporter: "runs conversions on files, without AWS: move what it needs to conversion/",
    asImported: "is a command: move what you need to conversion/",
  },
  uploads: PIPELINE,
  manifests: PIPELINE,
  batch: PIPELINE,
  lister: PIPELINE,
  ledger: {
    asImporter:
      "keeps the state tables of batch/ and lister/, and knows neither: take the value as an argument",
    asImported: "belongs to the ledger pipeline, batch/ and lister/: take the value as an argument",
  },
  conversion: {
    asImporter:
      "turns files into files, without AWS and Spark, for any pipeline: take the value as an argument",
    asImported: "take the conversion as a function, or its result as an argument",
  },
  distribution: {
    asImporter: "runs any task on any engine: take the value as an argument, and what is done as a function",
    asImported: "only jobs and pipelines distribute tasks: write for one task, and let the caller distribute",
  },
  objects: {
    asImporter: "reads and writes objects for any pipeline: take the value as an argument",
    asImported: "only pipelines reach S3: take bytes, a file or a function that gives them",
  },
  running: {
    asImporter: "is what any job needs of its process: take the value as an argument",
    asImported:
      "take a clock, a log or a client as an argument: what is no part of a job's process does not know it",
  },
  datasets: {
    asImporter: "reads declarations, and knows nobody who uses them: move what it needs into it",
    asImported: "take the declared values as arguments",
  },
  kernels: {
    asImporter:
      "is pure, bytes or Arrow in and out: it sees errors and the declared types of datasets/; take anything else as an argument",
    asImported: "take what a kernel gives as an argument: bytes, Arrow or rejects",
  },
  native: {
    asImporter:
      "builds the library by itself, before the package can be imported: move what it needs into it",
    asImported: "is reached by tributary.kernels.formats.ndjson.native alone, as the built library",
  },
  errors: {
    asImporter: "is loaded by all that names an error, and loads nothing: pass the value to the error",
    asImported: "draw the arrow: an error may be named anywhere",
  },
  expected: {
    asImporter: "is the form of messages about input, and loads nothing: pass the value as an argument",
    asImported: "draw the arrow: any room may judge input",
  },
  terminal: {
    asImporter: "prints what it is given, and loads nothing: pass the text as an argument",
    asImported: "draw the arrow: whatever prints goes through it",
  },
};
