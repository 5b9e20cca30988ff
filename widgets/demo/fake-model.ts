import type { Model, ModelEvent } from "../src/index";
import type { Command, CurveChange, LogLine, Message, RunState } from "../src/protocol";
import type { WireBuffer } from "../src/curves";

/** A curve as a scene writes it down. */
export interface Points extends Pick<CurveChange, "metric" | "series" | "grain"> {
  points: readonly (readonly [x: number, y: number])[];
}

/** What a run shows after `tick` messages; a scene that never changes ignores the tick. */
export interface Scene {
  readonly ticks: number;
  at(tick: number): { state: RunState; log: LogLine[]; curves: Points[] };
}

type Receive = (content: Message, buffers: WireBuffer[]) => void;

/** Plays the kernel: answers "ready" with a snapshot, then sends patches ten times a second. */
export class FakeModel implements Model {
  #scene: Scene;
  #receivers = new Set<Receive>();
  #tick = 0;
  #stopped = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  on(name: ModelEvent, callback: Receive): void {
    if (name === "msg:custom") this.#receivers.add(callback);
  }

  off(_: ModelEvent, callback: Receive): void {
    this.#receivers.delete(callback);
    if (this.#receivers.size === 0) clearInterval(this.#timer);
  }

  send(command: Command): void {
    if (command.type === "stop") this.#stopped = true;
    else queueMicrotask(() => this.#snapshot());
  }

  #snapshot(): void {
    const { state, log, curves } = this.#scene.at(this.#tick);
    const buffers = curves.map(({ points }) => pack(points));
    const changes = curves.map((curve, buffer) => change(curve, 0, buffer));
    this.#emit({ type: "snapshot", state, log: { keep: 0, lines: log }, curves: changes }, buffers);
    if (this.#tick < this.#scene.ticks) this.#timer ??= setInterval(() => this.#patch(), 100);
  }

  #patch(): void {
    const before = this.#scene.at(this.#tick);
    const now = this.#scene.at(++this.#tick);
    if (this.#tick >= this.#scene.ticks || this.#stopped) clearInterval(this.#timer);
    if (this.#stopped) now.state = { ...now.state, status: "stopped", stopBy: "none" };
    const grown = now.curves
      .map((curve) => ({ curve, keep: keptPoints(before.curves, curve) }))
      .filter(({ curve, keep }) => curve.points.length > keep);
    this.#emit(
      {
        type: "patch",
        state: now.state,
        log: { keep: before.log.length, lines: now.log.slice(before.log.length) },
        curves: grown.map(({ curve, keep }, buffer) => change(curve, keep, buffer)),
      },
      grown.map(({ curve, keep }) => pack(curve.points.slice(keep))),
    );
  }

  #emit(message: Message, buffers: WireBuffer[]): void {
    for (const receive of this.#receivers) receive(message, buffers);
  }
}

function keptPoints(before: readonly Points[], curve: Points): number {
  const same = before.find(
    ({ metric, series, grain }) =>
      metric === curve.metric && series === curve.series && grain === curve.grain,
  );
  return same?.points.length ?? 0;
}

function change(
  { metric, series, grain, points }: Points,
  keep: number,
  buffer: number,
): CurveChange {
  return { metric, series, grain, keep, count: points.length - keep, buffer };
}

/** As the wire has it: all x, then all y, at an odd offset now and then. */
function pack(points: Points["points"]): DataView {
  const values = Float64Array.from([...points.map(([x]) => x), ...points.map(([, y]) => y)]);
  const shift = points.length % 2 ? 4 : 0;
  const bytes = new Uint8Array(values.byteLength + shift);
  bytes.set(new Uint8Array(values.buffer), shift);
  return new DataView(bytes.buffer, shift);
}
