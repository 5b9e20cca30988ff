import { CurveStore, type Curve, type WireBuffer } from "./curves";
import type { LogChange, LogLine, Message, RunState } from "./protocol";

/** A part of what a run shows; a panel names those that it draws. */
export type Part = keyof RunState | "curves" | "log";

/** What a panel reads. */
export interface Run {
  readonly state: RunState;
  readonly curves: readonly Curve[];
  readonly log: readonly LogLine[];
  /** Seconds since the last progress came, for clocks that tick between messages. */
  since(): number;
}

/** Folds messages into the run as it is now, and remembers which parts changed since the last look. */
export class Store implements Run {
  #state: RunState | null = null;
  #curves = new CurveStore();
  #log: LogLine[] = [];
  #changed = new Set<Part>();
  #clock: () => number;
  #progressAt = 0;

  constructor(clock: () => number = () => performance.now() / 1000) {
    this.#clock = clock;
  }

  get state(): RunState {
    if (!this.#state) throw new Error("no snapshot has come yet");
    return this.#state;
  }

  get ready(): boolean {
    return this.#state !== null;
  }

  /** Whether more is to come. */
  get alive(): boolean {
    return this.#state?.status === "queued" || this.#state?.status === "running";
  }

  get curves(): readonly Curve[] {
    return this.#curves.all();
  }

  get log(): readonly LogLine[] {
    return this.#log;
  }

  since(): number {
    return this.#clock() - this.#progressAt;
  }

  apply(message: Message, buffers: readonly WireBuffer[]): void {
    if (message.type === "snapshot") this.#replace(message.state);
    // A patch that overtakes the first snapshot is part of that snapshot.
    else if (this.#state) this.#patch(message.state);
    else return;
    if (message.log) this.#foldLog(message.log);
    for (const change of message.curves) this.#curves.fold(change, buffers);
    if (message.curves.length > 0) this.#changed.add("curves");
  }

  /** Ends a run that nobody can tell of any more. */
  lose(): void {
    this.#patch({
      status: "interrupted",
      stopBy: "none",
      stopping: false,
      phase: "",
      waiting: null,
    });
  }

  /** The parts that changed since the last call. */
  takeChanged(): ReadonlySet<Part> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  #replace(state: RunState): void {
    this.#state = state;
    this.#curves.clear();
    this.#log = [];
    this.#progressAt = this.#clock();
    this.#changed = new Set([...(Object.keys(state) as Part[]), "curves", "log"]);
  }

  #patch(state: Partial<RunState>): void {
    this.#state = { ...this.state, ...state };
    if (state.progress) this.#progressAt = this.#clock();
    for (const key of Object.keys(state)) this.#changed.add(key as Part);
  }

  #foldLog(change: LogChange): void {
    this.#log = this.#log.slice(0, change.keep).concat(change.lines);
    this.#changed.add("log");
  }
}
