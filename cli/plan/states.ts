import { canonical } from "./binding";
import { outputsRead, ownState, type StatePlace, type SynthesizedStack, statesRead } from "./configuration";
import { textsOf } from "./summary/secrets";
import { type Diagnostic, pullState, type State, type WorkingFolder } from "./terraform";

/** State that a stack reads, and which outputs of it. */
export interface Read {
  readonly stack: string;
  /** Id of the data source. */
  readonly source: string;
  /** None before the first apply. */
  readonly state?: State | undefined;
  readonly outputs: readonly string[];
}

/** Folder of a stack that is being initialized, and what is wrong with it. */
interface Prepared {
  readonly working: WorkingFolder;
  readonly problems: Promise<readonly Diagnostic[]>;
}

/** States of a run, each pulled once. */
export class States {
  private readonly prepared = new Map<string, Prepared>();
  private readonly pulled = new Map<string, Promise<State | undefined>>();

  constructor(
    private readonly stacks: readonly SynthesizedStack[],
    private readonly scratch: string,
    private readonly variables: NodeJS.ProcessEnv,
  ) {}

  /** Lets the state of a stack be read in its folder, which need not be initialized for that once more. */
  provide(stack: SynthesizedStack, prepared: Prepared): void {
    this.prepared.set(stack.name, prepared);
  }

  own(stack: SynthesizedStack): Promise<State | undefined> {
    return this.pull(stack.name, ownState(stack));
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

  private pull(name: string, place: StatePlace): Promise<State | undefined> {
    const pulled = this.pulled.get(name) ?? this.read(name, place);
    this.pulled.set(name, pulled);
    return pulled;
  }

  private async read(name: string, place: StatePlace): Promise<State | undefined> {
    const prepared = this.prepared.get(name);
    const isReady = prepared !== undefined && (await prepared.problems).length === 0;
    return isReady ? prepared.working.state() : pullState(place, this.scratch, this.variables);
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
