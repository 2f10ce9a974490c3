import {
  type EventSourceMappingConfiguration,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import { functionName } from "../../../environments/schema";
import { CommandError } from "../../../setup/errors";
import { afterwards, type YesOption } from "../command/applying";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";

/** State of the manifest builder's intake from queue `manifests-inputs`. */
export interface Intake {
  /** State in Lambda's terms: Enabled, Disabled, or a transition. */
  readonly state: string;
  readonly served: "lambda" | "locally";
}

export async function readIntake(operator: Operator): Promise<Intake> {
  const { State = "Missing" } = await mappingOf(operator);
  return { state: State, served: operator.environment.manifests.eventSource.served };
}

/**
 * Switches the event source mapping of the manifest builder; meanwhile messages wait in the queue, for 14
 * days at most.
 */
export async function switchIntake(
  operator: Operator,
  Enabled: boolean,
  { yes = false }: YesOption,
): Promise<ExitCode> {
  if (operator.environment.manifests.eventSource.served === "locally") {
    throw new CommandError(
      `in ${operator.environment.name} the event source is served by npm start and not by Lambda: ` +
        "an enabled mapping would deliver each message a second time; stop npm start instead",
    );
  }
  const { UUID, State } = await mappingOf(operator);
  if (UUID === undefined) throw new CommandError("the manifest builder has no event source; deploy again");
  if (yes) await operator.aws.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
  const after = Enabled ? "Enabling" : "Disabling";
  const text = `event source of the manifest builder: ${State} → ${after}`;
  const lines = [
    yes ? text : `would be switched: ${text}`,
    afterwards(yes, `tributary manifests ${Enabled ? "pause" : "resume"} --yes`),
  ];
  operator.terminal.show({ applied: yes, before: State, after }, lines.join("\n"));
  return EXIT.ok;
}

async function mappingOf({ aws, environment }: Operator): Promise<EventSourceMappingConfiguration> {
  const { EventSourceMappings = [] } = await aws.lambda.send(
    new ListEventSourceMappingsCommand({ FunctionName: functionName(environment, "manifests-builder") }),
  );
  return EventSourceMappings[0] ?? {};
}
