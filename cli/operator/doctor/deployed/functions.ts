import {
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  type LambdaClient,
} from "@aws-sdk/client-lambda";
import {
  ALERT_FORWARDER,
  type DeployedFunction,
  type Environment,
  FUNCTIONS,
  functionName,
  functionsOf,
} from "../../../../environments/schema";

/** Function as Lambda has it. */
export interface FunctionState {
  readonly name: DeployedFunction;
  /** SHA-256 of its archive, in Base64. */
  readonly codeSha256: string;
  /** Executions reserved for it; 0: none. */
  readonly reserved: number;
}

/** All that any environment has. */
const ALL: readonly DeployedFunction[] = [...FUNCTIONS, ALERT_FORWARDER];

/** Functions that the environment is to have. */
export function wantedFunctions(environment: Environment): DeployedFunction[] {
  const { pagerSecrets } = environment.alerts;
  const pipelines: readonly DeployedFunction[] = functionsOf(environment);
  return ALL.filter(
    (name) => pipelines.includes(name) || (name === ALERT_FORWARDER && pagerSecrets.length > 0),
  );
}

/** Those of the environment's functions that are deployed, also where its settings name them no more. */
export async function deployedFunctions(
  lambda: LambdaClient,
  environment: Environment,
): Promise<FunctionState[]> {
  const found = await Promise.all(ALL.map((name) => deployedFunction(lambda, environment, name)));
  return found.filter((each) => each !== undefined);
}

async function deployedFunction(
  lambda: LambdaClient,
  environment: Environment,
  name: DeployedFunction,
): Promise<FunctionState | undefined> {
  const FunctionName = functionName(environment, name);
  try {
    const { CodeSha256 = "" } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    const { ReservedConcurrentExecutions = 0 } = await lambda.send(
      new GetFunctionConcurrencyCommand({ FunctionName }),
    );
    return { name, codeSha256: CodeSha256, reserved: ReservedConcurrentExecutions };
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}
