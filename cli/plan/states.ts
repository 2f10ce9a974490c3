import { canonical } from "./binding";
import { outputsRead, ownState, type StatePlace, type SynthesizedStack, statesRead } from "./configuration";
import { textsOf } from "./summary/secrets";
import { pullState, type State, type WorkingFolder } from "./terraform";

/** State that a stack reads, and which outputs of it. */
export interface Read {
  readonly stack: string;
  /** Id of the data source. */
  readonly source: string;
  /** None before the first apply. */
  readonly state?: State | undefined;
  readonly outputs: readonly string[];
}

/** States of a run, each pulled once. */
export class States {
  private readonly pulled = new Map<string, State | undefined>();

  constructor(
    private readonly stacks: readonly SynthesizedStack[],
    private readonly scratch: string,
    private readonly variables: NodeJS.ProcessEnv,
  ) {}

  /** Reads the state of a stack that is initialized. */
  async own(stack: SynthesizedStack, working: WorkingFolder): Promise<State | undefined> {
    const state = await working.state();
    this.pulled.set(stack.name, state);
    return state;
  }

  /** Reads the states whose outputs a stack reads. */
  async readBy(stack: SynthesizedStack): Promise<Read[]> {
    const outputs = outputsRead(stack.configuration);
    const reads: Read[] = [];
    for (const [source, place] of statesRead(stack)) {
      const name = this.stacks.find((each) => isSame(ownState(each), place))?.name ?? source;
      const names = outputs.filter((each) => each.source === source).map(({ output }) => output);
      reads.push({ stack: name, source, state: await this.pull(name, place), outputs: names });
    }
    return reads;
  }

  private async pull(name: string, place: StatePlace): Promise<State | undefined> {
    if (!this.pulled.has(name)) this.pulled.set(name, await pullState(place, this.scratch, this.variables));
    return this.pulled.get(name);
  }
}

/** Whether a data source reads the state that a backend keeps; a backend has settings, such as a lock's, in addition. */
function isSame(own: StatePlace, read: StatePlace): boolean {
  return (
    own.backend === read.backend &&
    Object.entries(read.config).every(([key, value]) => canonical(own.config[key]) === canonical(value))
  );
}

/** Texts of secret outputs: the data source that reads them does not say that they are. */
export function secretOutputs({ state }: Read): string[] {
  return Object.values(state?.outputs ?? {})
    .filter(({ sensitive }) => sensitive)
    .flatMap(({ value }) => textsOf(value));
}
