import { ListEventSourceMappingsCommand } from "@aws-sdk/client-lambda";
import { controlTableName, functionName, functionsOf, hasPipeline } from "../../../../environments/schema";
import { readStreamingJob } from "../../../../runtime/manifests/control";
import { type Check, notChecked, ok, otherwiseOk, warning } from "../check";
import { NOT_DEPLOYED } from "./not-deployed";

/** Functions that Lambda hands messages of a queue. */
const FED = ["manifests-builder", "ledger-registrar"] as const;

/** Looks up whether each function that reads a queue is handed its messages. */
export const eventSourcesCheck: Check = {
  group: "deployed",
  name: "event sources",
  actions: ["lambda:GetFunctionConfiguration", "lambda:ListEventSourceMappings"],
  look: async ({ aws, environment, functions }) => {
    const read = FED.filter((name) => functionsOf(environment).includes(name));
    if (read.length === 0) return [ok("no pipeline of the environment reads a queue")];
    const deployed = await functions();
    const fed = read.filter((name) => deployed.some((each) => each.name === name));
    if (fed.length === 0) return [NOT_DEPLOYED];
    if (environment.manifests.eventSource.served === "locally") {
      return [ok("served by npm start, so disabled in Lambda")];
    }
    const findings = await Promise.all(
      fed.map(async (name) => {
        const FunctionName = functionName(environment, name);
        const { EventSourceMappings = [] } = await aws.lambda.send(
          new ListEventSourceMappingsCommand({ FunctionName }),
        );
        const paused = EventSourceMappings.find(
          ({ State = "" }) => !/^(Enabled|Enabling|Creating|Updating)$/.test(State),
        );
        const again =
          name === "manifests-builder" ? "npx tributary manifests resume" : "enable it again, or deploy";
        if (paused) return [warning(`that of ${name} is ${paused.State?.toLowerCase()}`, { wayOut: again })];
        return EventSourceMappings.length > 0
          ? []
          : [warning(`${name} has none`, { wayOut: "deploy the compute stack again" })];
      }),
    );
    return otherwiseOk(findings.flat(), `${fed.length} enabled`);
  },
};

/** Looks up whether an operator stopped the streaming job. */
export const streamCheck: Check = {
  group: "deployed",
  name: "streaming job",
  actions: ["dynamodb:GetItem"],
  look: async ({ aws, environment }) => {
    if (!hasPipeline(environment, "manifests")) return [ok("not in the pipelines of the environment")];
    const control = { client: aws.dynamo, name: controlTableName(environment) };
    try {
      const { desired, failures } = await readStreamingJob(control);
      if (desired === "stopped")
        return [warning("an operator stopped it", { wayOut: "npx tributary manifests start" })];
      if (failures === 0) return [ok("to run")];
      const message = `it ended ${failures} times in a row with nobody asking`;
      return [warning(message, { wayOut: "npx tributary logs manifests-stream --filter ERROR" })];
    } catch (error) {
      if ((error as Error).name === "ResourceNotFoundException")
        return [notChecked("a deployed control table")];
      throw error;
    }
  },
};
