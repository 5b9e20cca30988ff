import type { CurveView } from "./curve-view";
import { leaders, type Line } from "./series";

/** How much of the average so far each point keeps: 0 is off, and below 1. */
export type Weight = number;

/**
 * The exponential moving average that TensorBoard draws: without the bias of its start at nought, since the weights of
 * the points so far are made to sum to one. What is not finite stays a hole and counts for nothing.
 */
export function average(values: Float64Array, weight: Weight): Float64Array {
  let sum = 0;
  let share = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    sum = weight * sum + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return sum / share;
  });
}

/** The view with a smooth line for each name before the raw ones. What does not follow from each other stays as it is. */
export function smoothed(view: CurveView, weight: Weight): CurveView {
  if (weight === 0 || view.scattered) return view;
  const raw = view.lines.map((line) => ({ ...line, faded: true }));
  const smooth = leaders(view.lines).map((leader) => {
    const line = telling(leader, view.lines);
    return { ...line, y: average(line.y, weight) };
  });
  return { ...view, lines: [...raw, ...smooth] };
}

const FEW = 10;

/** The units of a name, or its steps while the units are too few to show a trend. */
function telling(leader: Line, lines: readonly Line[]): Line {
  if (leader.x.length >= FEW) return leader;
  return lines.find(({ name, grain }) => grain === "step" && name === leader.name) ?? leader;
}
