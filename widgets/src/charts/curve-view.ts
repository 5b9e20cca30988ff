import { metric } from "../format";
import { deviation, leaders, mean, nearest, type Line } from "./series";

/** All that one chart shows, as plain data. */
export interface CurveView {
  readonly metric: string;
  /** What x counts: "epoch", "tree", "fold". */
  readonly unit: string;
  readonly lines: readonly Line[];
  /** Where x will end; null where nobody knows. */
  readonly end: number | null;
  /** Units that do not follow from each other, such as folds, are points without a line. */
  readonly scattered: boolean;
  /** Whether the mean over all units says something: of folds it does, of trials not. */
  readonly averaged: boolean;
  readonly mark: Mark | null;
}

/** The unit whose model is kept. */
export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

export interface Reading {
  readonly x: number;
  /** `raw` is the value behind a smoothed one. */
  readonly rows: readonly { name: string; value: number; raw?: number }[];
}

/** What lies nearest to x: whole units, or steps while the first unit is not finished. */
export function readingAt(view: CurveView, x: number): Reading | null {
  const lines = leaders(view.lines);
  const guide = lines.find((line) => line.grain === "unit") ?? lines[0];
  if (!guide) return null;
  const at = guide.x[nearest(guide.x, x)]!;
  const rows = lines.flatMap((line) => {
    const i = nearest(line.x, at);
    if (Math.abs(line.x[i]! - at) > 0.5) return [];
    const behind = view.lines.find(
      (other) => other.faded && other.x === line.x && other.name === line.name,
    );
    return [{ name: line.name, value: line.y[i]!, ...(behind ? { raw: behind.y[i]! } : {}) }];
  });
  return { x: at, rows };
}

export function lastX(view: CurveView): number {
  return Math.max(...view.lines.map((line) => line.x.at(-1) ?? -Infinity));
}

export function meanText(line: Line): string[] {
  const spread = line.y.length > 1 ? [`± ${metric(deviation(line.y))}`] : [];
  return [`mean ${metric(mean(line.y))}`, ...spread];
}

/** The chart in words, for those who do not see it. */
export function summary(view: CurveView): string {
  const sentences = leaders(view.lines).map((line) => {
    const last = line.y.length - 1;
    if (view.averaged) return `${line.y.length} ${view.unit}s, ${meanText(line).join(" ")}`;
    const ending = `${metric(line.y[last]!)} at ${position(line.x[last]!)}`;
    return last === 0
      ? `${line.name}: ${ending}`
      : `${line.name}: from ${metric(line.y[0]!)} at ${position(line.x[0]!)} to ${ending}`;
  });
  const mark = view.mark ? [`${view.mark.text} at ${view.unit} ${position(view.mark.x)}`] : [];
  return [`${view.metric} by ${view.unit}`, ...sentences, ...mark].join(". ");
}

/** A unit is whole, a step is a fraction of one. */
export function position(x: number): string {
  return String(Number(x.toFixed(2)));
}
