import { MemoryObjects } from "./memory-objects";
import { MemoryTable } from "./memory-table";

/** A call of an AWS client, counted from 0 in its client. */
export interface Call {
  readonly number: number;
  /** Of the command's class. */
  readonly name: string;
}

/** Stands between a client and the service: may fail before or after the work, wait, or never answer. */
export type Fault = (call: Call, work: () => Promise<unknown>) => Promise<unknown>;

/** KMS key of every bucket. */
export const BUCKET_KEY = "arn:aws:kms:us-east-1:000000000000:key/own";

const BUCKET_ENCRYPTION = {
  ServerSideEncryptionConfiguration: {
    Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: BUCKET_KEY } }],
  },
};

const SOUND: Fault = (_, work) => work();

/**
 * DynamoDB and S3 at the boundary of the SDK: what is written is there for every client. `memory-aws.contract.ts`
 * says what it has in common with the emulator's services.
 */
export class MemoryAws {
  readonly table = new MemoryTable();
  readonly objects = new MemoryObjects();
  readonly calls: string[] = [];

  /** One client, for either service, whose calls go through `fault`. */
  client<Client>(fault: Fault = SOUND): Client {
    let number = 0;
    const send = (command: { constructor: { name: string }; input: unknown }) => {
      const { name } = command.constructor;
      const call = { number: number++, name };
      return fault(call, async () => {
        this.calls.push(name);
        return this.#answer(name, command.input);
      });
    };
    return { send, destroy: () => {} } as Client;
  }

  #answer(name: string, input: unknown): unknown {
    const { table, objects } = this;
    // biome-ignore lint/suspicious/noExplicitAny: the input of the command of that name
    const answers: Record<string, (input: any) => unknown> = {
      GetItemCommand: (get) => table.get(get),
      PutItemCommand: (put) => table.put(put),
      UpdateItemCommand: (update) => table.update(update),
      TransactWriteItemsCommand: (transaction) => table.transact(transaction),
      PutObjectCommand: (put) => objects.put(put),
      GetObjectCommand: (get) => objects.get(get),
      HeadObjectCommand: (head) => objects.head(head),
      CopyObjectCommand: (copy) => objects.copy(copy),
      GetBucketEncryptionCommand: () => BUCKET_ENCRYPTION,
    };
    const answer = answers[name];
    if (!answer) throw new Error(`the double has no answer to ${name}`);
    return answer(input);
  }
}
