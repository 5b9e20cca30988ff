import * as axis from "./axis";
import { lastX, type CurveView } from "./curve-view";
import { valueRange } from "./series";

/** What part of a view is shown. Pure, in data units. */

export type Window = axis.Range | null;

export function xRange(view: CurveView, window: Window): axis.Range {
  if (window) return window;
  const last = lastX(view);
  if (view.scattered) return [0.5, Math.max(view.end ?? 0, last) + 0.5];
  if (view.end !== null) return [0, Math.max(last, shownEnd(last, view.end))];
  return [0, axis.niceRange([0, last], 6)[1]];
}

/** The end of the axis: while under a tenth of a long way is done, so much that the curve is more than a sliver. */
export function shownEnd(last: number, end: number): number {
  if (last >= 0.1 * end) return end;
  return Math.min(end, Math.max(20, axis.niceAbove(4 * last)));
}

export function yRange(view: CurveView, window: Window, scale: axis.Scale): axis.Range {
  const values = valueRange(view.lines, xRange(view, window), scale) ?? [1, 1];
  if (scale === "log") return axis.niceLogRange(values);
  const middle = Math.abs(values[0] + values[1]) / 2;
  const units = view.lines.find((line) => line.grain === "unit")?.x.length ?? 1;
  // The fewer points, the less a small difference means.
  const wide = axis.atLeast(values, (0.2 * middle) / Math.max(1, units));
  const room = view.scattered ? 1.15 : 1; // a point on the edge would be cut in half
  const padded = axis.atLeast(wide, room * (wide[1] - wide[0]));
  return axis.niceRange(axis.withinUnit(padded, values), 5);
}

/** Where values span powers of ten: losses, and what is positive without being a share of one, as scores are. */
export function offersLog({ metric, lines, scattered }: CurveView): boolean {
  const known = lines.flatMap((line) => [...line.y]).filter(Number.isFinite);
  if (scattered || known.length === 0 || !known.every((value) => value > 0)) return false;
  return LOSS.test(metric) || known.some((value) => value > 1);
}

/** What is called so is a loss, an error or a rate, even while it lies between 0 and 1. */
const LOSS =
  /loss|err|deviance|entropy|nll|nloglik|perplexity|hinge|huber|poisson|quantile|kullback|divergence|(^|_)(lr|learning_rate|mae|mse|rmse|rmsle|msle|mape|l1|l2)$/i;

export function yTicks(range: axis.Range, scale: axis.Scale): number[] {
  return scale === "log" ? axis.logTicks(range) : axis.linearTicks(range, 5);
}

export function yLabels(ticks: number[], scale: axis.Scale): string[] {
  return scale === "log" ? ticks.map(axis.logTickLabel) : axis.tickLabels(ticks);
}
