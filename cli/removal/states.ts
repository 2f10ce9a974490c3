import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { type Environment, LAYERS, type Layer, stateBucketName, stateKey } from "../../environments/schema";

/** Resource as Terraform's state has it. */
export interface StateResource {
  readonly type: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** State of a stack: what is deployed. */
export interface State {
  readonly resources: readonly StateResource[];
  /** Names of the outputs that other stacks may read. */
  readonly outputs: ReadonlySet<string>;
}

/** Form of a state, as far as it is read. */
interface StateFile {
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly resources?: readonly {
    readonly mode: string;
    readonly type: string;
    readonly name: string;
    readonly instances: readonly { readonly attributes: Readonly<Record<string, unknown>> }[];
  }[];
}

/** Reads the states of the environment's stacks that are deployed. */
export async function readStates(s3: S3Client, environment: Environment): Promise<ReadonlyMap<Layer, State>> {
  const all = await Promise.all(
    LAYERS.map(async (layer) => [layer, await readState(s3, environment, layer)] as const),
  );
  return new Map(all.flatMap(([layer, state]) => (state === undefined ? [] : [[layer, state] as const])));
}

async function readState(s3: S3Client, environment: Environment, layer: Layer): Promise<State | undefined> {
  try {
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: stateBucketName(environment), Key: stateKey(environment, layer) }),
    );
    return parsed(JSON.parse((await Body?.transformToString()) ?? "{}"));
  } catch (error) {
    // before the first deploy there is no state, and before bootstrap no bucket, as Terraform says then
    if (["NoSuchKey", "NoSuchBucket"].includes((error as Error).name)) return undefined;
    throw error;
  }
}

function parsed({ outputs = {}, resources = [] }: StateFile): State {
  return {
    outputs: new Set(Object.keys(outputs)),
    resources: resources
      .filter(({ mode }) => mode === "managed")
      .flatMap(({ type, name, instances }) =>
        instances.map(({ attributes }) => ({ type, name, attributes })),
      ),
  };
}
