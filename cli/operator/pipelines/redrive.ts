import { GetQueueAttributesCommand, type Message, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import {
  type DeployedFunction,
  deadLetterQueueName,
  failureQueueName,
  PIPELINE_QUEUES,
  type Pipeline,
  pipelinesOf,
  queueName,
  queuesOf,
  undeliveredEventsName,
} from "../../../environments/schema";
import { decodeKey } from "../../../runtime/aws/s3-record";
import { expectedAt } from "../../../runtime/expected";
import { parseManifestKey } from "../../../runtime/manifests/manifests";
import { afterwards, type YesOption } from "../command/applying";
import { UsageError } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import { checkOn } from "../command/needed";
import type { Operator } from "../command/operator";
import { indented, list } from "../command/tables";
import { type Redriven, UNDELIVERED } from "../manifests/choices";
import { deliverAgain, invokeAgain, type Move, type Moved, moveBySqs } from "../manifests/moves";
import { keptFunctions, queueUrl } from "../manifests/queues";
import { datasetOfKey } from "./meant";
import { type Narrowed, wantedPipelines } from "./narrowed";

export interface RedriveOptions extends YesOption, Narrowed {
  /** Only source whose messages are sent back. */
  readonly queue?: Redriven;
}

const UNDO = "nothing, for work that is done twice changes nothing";

/**
 * Sends what failed for good back to where it failed; without `yes`, only reports it.
 *
 * @throws UsageError for a queue of another pipeline than is wanted
 */
export async function redrive(operator: Operator, options: RedriveOptions): Promise<ExitCode> {
  const { queue, dataset } = options;
  if (queue !== undefined) checkOn(operator.environment, ...pipelinesOf(queue));
  const names = namesOf(operator, wantedPipelines(operator.environment, options));
  if (queue !== undefined && !names.includes(queue)) {
    throw new UsageError(expectedAt("--queue", `one of ${names.join(", ")}`, queue));
  }
  const meant = queue === undefined ? names : [queue];
  const all = await Promise.all(meant.map((name) => look(operator, name)));
  const isMeant = dataset && ((message: Message) => datasetsIn(message).has(dataset));
  const full = all
    .filter(({ waiting }) => waiting > 0)
    .map((move) => ({ ...move, ...(isMeant && { isMeant }) }));
  if (full.length === 0) {
    operator.terminal.show({ applied: false, queues: [] }, "there are no dead letters");
    return EXIT.nothing;
  }
  return options.yes ? move(operator, full) : showPlan(operator, full);
}

function namesOf({ environment }: Operator, wanted: readonly Pipeline[]): Redriven[] {
  const names = [...queuesOf(environment), ...keptFunctions(environment), UNDELIVERED] as const;
  return names.filter((name) => pipelinesOf(name).some((pipeline) => wanted.includes(pipeline)));
}

async function look(operator: Operator, name: Redriven): Promise<Move> {
  const { aws } = operator;
  const { source, to } = await placesOf(operator, name);
  const from = await queueUrl(aws.sqs, source);
  const { Attributes = {} } = await aws.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: from, AttributeNames: ["ApproximateNumberOfMessages"] }),
  );
  return { name, to, from, waiting: Number(Attributes["ApproximateNumberOfMessages"]) };
}

/** Queue that holds the messages, and where they go. */
async function placesOf(
  { aws, environment }: Operator,
  name: Redriven,
): Promise<Pick<Move, "to"> & { readonly source: string }> {
  if (name === UNDELIVERED) return { source: undeliveredEventsName(environment), to: "targets" };
  const queue = PIPELINE_QUEUES.find((each) => each === name);
  if (queue === undefined) {
    const kept = name as DeployedFunction;
    return { source: failureQueueName(environment, kept), to: { function: kept } };
  }
  const to = { queueUrl: await queueUrl(aws.sqs, queueName(environment, queue)) };
  return { source: deadLetterQueueName(environment, queue), to };
}

async function showPlan({ aws, terminal }: Operator, full: readonly Move[]): Promise<ExitCode> {
  const plans = [];
  for (const each of full) {
    // These queues have no dead-letter queue of their own, so looking costs a message nothing.
    const { Messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: each.from, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
    );
    const examples = Messages.filter((message) => each.isMeant?.(message) ?? true).map(subjectOf);
    plans.push({ queue: each.name, messages: each.waiting, examples });
  }
  const text = plans.map(
    ({ queue, messages, examples }) =>
      `${messages} to ${queue}, among them:\n${indented(examples.join("\n"))}`,
  );
  terminal.show(
    { applied: false, queues: plans },
    [...text, ...(full.some(({ isMeant }) => isMeant) ? [OTHERS] : []), afterwards(false, UNDO)].join("\n"),
  );
  return EXIT.ok;
}

/**
 * Subject of a message: keys of S3's event, the manifest of an order, or the first characters of anything
 * else.
 */
function subjectOf({ Body = "" }: Message): string {
  try {
    const { Records, manifest, generation, requestPayload } = JSON.parse(Body);
    if (requestPayload !== undefined) return JSON.stringify(requestPayload).slice(0, SHOWN_CHARACTERS);
    if (manifest !== undefined) return `${manifest.key}, generation ${generation}`;
    return Records.map((record: { s3: { object: { key: string } } }) => decodeKey(record.s3.object.key)).join(
      ", ",
    );
  } catch {
    return Body.slice(0, SHOWN_CHARACTERS);
  }
}

/**
 * Datasets that a message names, by a key or a manifest; an event that a function failed on stands within. One that is
 * no JSON, which may be why it failed, names none.
 */
function datasetsIn({ Body = "" }: Message): ReadonlySet<string> {
  const found = new Set<string>();
  const note = (name: string, value: unknown) => {
    if (typeof value !== "string") return value;
    if (name === "dataset") found.add(value);
    const dataset = name === "key" ? datasetOf(value) : undefined;
    if (dataset !== undefined) found.add(dataset);
    return value;
  };
  try {
    JSON.parse(Body, note);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return found;
}

/** Dataset of a key as a message has it: encoded by S3, or as it is. */
function datasetOf(written: string): string | undefined {
  const key = decodedOr(written);
  return parseManifestKey(key)?.dataset ?? datasetOfKey(key)?.name;
}

function decodedOr(written: string): string {
  try {
    return decodeKey(written);
  } catch {
    return written;
  }
}

const OTHERS = "messages of other datasets among them stay";
const SHOWN_CHARACTERS = 150;

function moverOf({ to }: Move): (operator: Operator, move: Move) => Promise<Moved> {
  if (to === "targets") return deliverAgain;
  return "function" in to ? invokeAgain : moveBySqs;
}

async function move(operator: Operator, full: readonly Move[]): Promise<ExitCode> {
  const moved: { queue: string; messages: number; kept?: number }[] = [];
  for (const each of full) {
    if (operator.signal.aborted) break;
    const { messages, kept } = await moverOf(each)(operator, each);
    moved.push({ queue: each.name, messages, ...(kept > 0 ? { kept } : {}) });
  }
  const counts = list(
    moved.flatMap(({ queue, messages, kept }) => [
      [`to ${queue}`, messages] as const,
      ...(kept === undefined ? [] : [[`not delivered to ${queue}`, kept] as const]),
    ]),
  );
  operator.terminal.show({ applied: true, queues: moved }, `${counts}\n${afterwards(true, UNDO)}`);
  if (moved.some(({ kept }) => kept !== undefined)) return EXIT.failed;
  return moved.some(({ messages }) => messages > 0) ? EXIT.ok : EXIT.nothing;
}
