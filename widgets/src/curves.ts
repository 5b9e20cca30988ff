import type { CurveChange, Grain } from "./protocol";

/** One curve as it is now. A change makes a new one, so that a chart can tell by identity. */
export interface Curve {
  readonly metric: string;
  readonly series: string;
  readonly grain: Grain;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** Jupyter hands a DataView, other hosts a bare buffer. */
export type WireBuffer = ArrayBuffer | ArrayBufferView;

/** All curves of a run, in the order in which they first came. */
export class CurveStore {
  #curves = new Map<string, Curve>();

  all(): Curve[] {
    return [...this.#curves.values()];
  }

  clear(): void {
    this.#curves.clear();
  }

  fold(change: CurveChange, buffers: readonly WireBuffer[]): void {
    const { metric, series, grain } = change;
    const key = JSON.stringify([metric, series, grain]);
    const before = this.#curves.get(key);
    const added = change.count > 0 ? floats(buffers[change.buffer]) : new Float64Array(0);
    if (added.length !== 2 * change.count) {
      throw new Error(
        `${metric}/${series} announced ${change.count} points, got ${added.length / 2}`,
      );
    }
    const x = extend(before?.x, change.keep, added.subarray(0, change.count));
    const y = extend(before?.y, change.keep, added.subarray(change.count));
    this.#curves.set(key, { metric, series, grain, x, y });
  }
}

function extend(before: Float64Array | undefined, keep: number, added: Float64Array): Float64Array {
  const front = before?.subarray(0, keep) ?? new Float64Array(0);
  const all = new Float64Array(front.length + added.length);
  all.set(front);
  all.set(added, front.length);
  return all;
}

function floats(buffer: WireBuffer | undefined): Float64Array {
  if (!buffer) return new Float64Array(0);
  const view = ArrayBuffer.isView(buffer) ? buffer : new DataView(buffer);
  const aligned = view.byteOffset % 8 === 0;
  const bytes = aligned
    ? view.buffer
    : view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  return new Float64Array(bytes, aligned ? view.byteOffset : 0, Math.floor(view.byteLength / 8));
}
