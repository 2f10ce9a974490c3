import type { Clock } from "../../../runtime/clock";

/** A command that a double received: its class's name and what it asked. */
export interface Sent {
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects of any command
  input: any;
}

/** Answers one command, by its name; `call` counts from 0. An Error is thrown. */
// biome-ignore lint/suspicious/noExplicitAny: the input of any command
export type Answers = Readonly<Record<string, (input: any, call: number) => unknown>>;

/** Stands in for an AWS client where the real service cannot be made to fail. Unexpected commands throw. */
export function clientDouble<Client>(answers: Answers): { client: Client; sent: Sent[] } {
  const sent: Sent[] = [];
  const send = async (command: { constructor: { name: string }; input: unknown }): Promise<unknown> => {
    const name = command.constructor.name;
    const call = sent.filter((one) => one.name === name).length;
    sent.push({ name, input: command.input });
    const answer = answers[name];
    if (!answer) throw new Error(`the double has no answer to ${name}`);
    const result = answer(command.input, call);
    if (result instanceof Error) throw result;
    return result;
  };
  return { client: { send } as Client, sent };
}

/** A clock that passes time only when somebody sleeps. */
export function clockDouble(start = "2026-01-31T12:00:00.000Z"): Clock & { slept: number[] } {
  let now = Date.parse(start);
  const slept: number[] = [];
  return {
    slept,
    now: () => new Date(now),
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      now += milliseconds;
    },
  };
}

/** An error as the SDK gives it: told apart by its name. */
export function awsError(name: string, message = name): Error {
  return Object.assign(new Error(message), { name });
}
