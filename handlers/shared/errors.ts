/** A variable that the function needs is missing: the deployment is wrong, no retry helps. */
export class MissingVariableError extends Error {
  constructor(functionName: string, variables: readonly string[]) {
    super(
      `function ${functionName} needs the environment variables ${variables.join(", ")}, which are missing or empty: ` +
        "set each in the function's environment (FunctionVariables in handlers/shared/variables.ts lists them)",
    );
    this.name = "MissingVariableError";
  }
}
