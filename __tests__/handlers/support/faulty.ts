import type { Fault } from "./memory-aws";

interface Sender {
  // biome-ignore lint/suspicious/noExplicitAny: stands for the send of any client
  send(command: any, ...more: any[]): Promise<unknown>;
}

/** A command that went to a service, by its class's name. */
export interface SentCommand {
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects of any command
  input: any;
}

/** Real clients whose calls are numbered together, kept, and go through one fault. */
export class Faulty {
  readonly sent: SentCommand[] = [];

  constructor(private readonly fault: Fault = (_, work) => work()) {}

  wrap<Client extends Sender>(client: Client): Client {
    const send = (command: { constructor: { name: string }; input: unknown }) => {
      const { name } = command.constructor;
      const number = this.sent.push({ name, input: command.input }) - 1;
      return this.fault({ number, name }, () => client.send(command));
    };
    return { send } as unknown as Client;
  }
}
