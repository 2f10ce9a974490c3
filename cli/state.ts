import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import { Option } from "commander";
import { type Environment, LAYERS, type Layer, loadEnvironment } from "../environments/schema";
import { command, runToExitCode } from "../setup/command";
import { CommandError } from "../setup/errors";
import { print } from "../setup/terminal";
import { checkAccount } from "./account";
import { table } from "./operator/command/tables";
import { importBuckets } from "./state/import-buckets";
import { StackStates, told } from "./state/stack-states";

interface Chosen {
  readonly environment: string;
}

interface ChosenStack extends Chosen {
  readonly stack: Layer;
  readonly yes?: boolean;
}

/** Shows the states of all stacks, and who works on them. */
async function list(states: StackStates): Promise<void> {
  const rows = [];
  for (const layer of LAYERS) {
    const [text, lock] = [await states.read(layer), await states.lock(layer)];
    rows.push({ layer, lock, ...(text === undefined ? {} : told(text)) });
  }
  print(
    table(
      [
        { head: "stack", cell: ({ layer }) => layer },
        { head: "serial", cell: ({ serial }) => serial },
        { head: "resources", cell: ({ resources }) => resources },
        { head: "locked by", cell: ({ lock }) => lock?.Who },
        { head: "since", cell: ({ lock }) => lock?.Created },
        { head: "for", cell: ({ lock }) => lock?.Operation },
      ],
      rows,
    ),
  );
}

async function versions(states: StackStates, { stack }: ChosenStack): Promise<void> {
  print(
    table(
      [
        { head: "version", cell: ({ id }) => id },
        { head: "saved", cell: ({ saved }) => saved.toISOString() },
        { head: "serial", cell: ({ serial }) => serial },
        { head: "resources", cell: ({ resources }) => resources },
      ],
      await states.versions(stack),
    ),
  );
}

async function restore(
  states: StackStates,
  { stack, version, yes = false }: ChosenStack & { readonly version: string },
): Promise<void> {
  const [earlier, present] = [await states.read(stack, version), await states.read(stack)];
  if (earlier === undefined) {
    throw new CommandError(`${stack} has no version ${version}: npm run state -- versions lists them`);
  }
  const what = `${stack} with ${told(earlier).resources} resources in place of ${told(present ?? "{}").resources}`;
  if (!yes) return print(`would be restored: ${what}; nothing that is deployed changes. Repeat with --yes`);
  print(`restored: ${what}, serial ${await states.restore(stack, version)}. Plan, and look at what differs`);
}

async function unlock(states: StackStates, { stack, yes = false }: ChosenStack): Promise<void> {
  const lock = await states.lock(stack);
  if (lock === undefined) return print(`${stack} is not locked`);
  const what = `${stack}, locked by ${lock.Who} since ${lock.Created} for ${lock.Operation}`;
  if (!yes) {
    return print(`would be unlocked: ${what}. Make sure that nobody works on it; then repeat with --yes`);
  }
  await states.unlock(stack, lock);
  print(`unlocked: ${what}`);
}

/** Writes the states of all stacks into a folder that only this user reads. */
async function backup(states: StackStates, { out }: Chosen & { readonly out: string }): Promise<void> {
  mkdirSync(out, { recursive: true, mode: 0o700 });
  for (const layer of LAYERS) {
    const text = await states.read(layer);
    if (text === undefined) continue;
    const file = join(out, `${layer}.tfstate`);
    writeFileSync(file, text, { mode: 0o600, flag: "wx" });
    print(`${file}: ${told(text).resources} resources`);
  }
}

/** Runs a word's work on the states of the environment that it names. */
function onStates<Options extends Chosen>(
  work: (states: StackStates, options: Options, environment: Environment, s3: S3Client) => Promise<void>,
): (options: Options) => Promise<void> {
  return (options) =>
    runToExitCode(async () => {
      const environment = loadEnvironment(options.environment);
      const { region, storage } = environment;
      await checkAccount(new STSClient({ region }), environment);
      const s3 = new S3Client({ region, forcePathStyle: storage.pathStyle });
      await work(new StackStates(s3, environment), options, environment, s3);
      return 0;
    });
}

const states = command("state", "See, unlock, restore and back up the Terraform states of an environment.");
const word = (name: string, description: string) =>
  states
    .command(name)
    .description(description)
    .requiredOption("--environment <name>", "environment of the stacks");
const ofStack = (name: string, description: string) =>
  word(name, description).addOption(
    new Option("--stack <layer>", "the stack").choices(LAYERS).makeOptionMandatory(),
  );

word("list", "The state of each stack, and who holds its lock.").action(onStates(list));
ofStack("versions", "The states that a stack had, newest first.").action(onStates(versions));
ofStack("restore", "Make an earlier state the present one.")
  .requiredOption("--version <id>", "the earlier state, of `versions`")
  .option("--yes", "do it; without, it is only told")
  .action(onStates(restore));
ofStack("unlock", "Take away the lock that a command left behind which died.")
  .option("--yes", "do it; without, it is only told")
  .action(onStates(unlock));
word("backup", "Write the states of all stacks into a folder. They hold secrets.")
  .requiredOption("--out <folder>", "folder of the files", (folder) => resolve(folder))
  .action(onStates(backup));
word("import", "Take buckets that are there into the state, as those of the stack that have their names.")
  .requiredOption("--bucket <name...>", "buckets of the account and region")
  .requiredOption("--out <folder>", "folder of the plan with them, emptied first; it has secrets in clear")
  .option("--synthesized <folder>", "what npm run synth wrote, instead of synthesizing anew")
  .option("--yes", "do it; without, it is only told")
  .action(onStates(importBuckets));
states.parseAsync();
