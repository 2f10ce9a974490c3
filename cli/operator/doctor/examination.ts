import type { Environment } from "../../../environments/schema";
import type { Caller } from "./caller";
import type { DoctorClients } from "./clients";
import type { FunctionState } from "./deployed/functions";
import type { Machine } from "./machine/machine";
import { isThrottled } from "./unchecked";

/** What checks look at. What several of them ask for is asked once. */
export interface Examination {
  readonly environment: Environment;
  readonly aws: DoctorClients;
  readonly machine: Machine;
  readonly now: Date;
  /** Whose credentials these are. Rejects with AWS's error where it does not say. */
  readonly caller: () => Promise<Caller>;
  /** Functions of the environment that are deployed. */
  readonly functions: () => Promise<readonly FunctionState[]>;
  /** Keys under which the checkout's code would be uploaded, such as `functions/<sha256>/control-plane.zip`. */
  readonly codeKeys: () => Promise<readonly string[]>;
}

/** Makes `ask` be asked at most once, whatever it answers, unless AWS throttles it. */
export function once<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let answer: Promise<Answer> | undefined;
  return () => {
    answer ??= ask().catch((error) => {
      if (isThrottled(error)) answer = undefined;
      throw error;
    });
    return answer;
  };
}
