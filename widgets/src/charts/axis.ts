/** Where ticks go and what they say. Pure, in data units. */

export type Scale = "linear" | "log";
export type Range = readonly [min: number, max: number];

/** The step of 1, 2 or 5 times a power of ten that cuts a span into at most `count` parts. */
export function niceStep(span: number, count: number): number {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10;
  return step * power;
}

/** The least of 1, 2 or 5 times a power of ten that is not below a value. */
export function niceAbove(value: number): number {
  return niceStep(value, 1);
}

export function linearTicks([min, max]: Range, count: number): number[] {
  const step = niceStep(max - min, count);
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  const digits = decimals(step);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toFixed(digits)),
  );
}

/** Whole units only: nobody trains a third of a fold. */
export function unitTicks(range: Range, count: number): number[] {
  const ticks = linearTicks(range, Math.max(1, count));
  return ticks.every(Number.isInteger) ? ticks : integersIn(range);
}

/** Powers of ten, with 2 and 5 between them where there are few. */
export function logTicks([min, max]: Range): number[] {
  const low = Math.floor(Math.log10(min));
  const decades = Math.ceil(Math.log10(max)) - low;
  const stride = Math.ceil(decades / 5);
  const factors = decades <= 2 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = low; power <= low + decades; power += stride) {
    for (const factor of factors) ticks.push(Number(`${factor}e${power}`));
  }
  return ticks.filter((tick) => tick >= min * (1 - 1e-9) && tick <= max * (1 + 1e-9));
}

/** The range that ends on ticks, so that the axis stands still while values wander a little. */
export function niceRange([min, max]: Range, count: number): Range {
  const pad = max > min ? 0 : 0.1 * Math.abs(max) || 1;
  let range: Range = [min - pad, max + pad];
  let step = 0;
  // Rounding widens the span, and the wider span may ask for a wider step.
  for (let next = niceStep(range[1] - range[0], count); next > step * (1 + 1e-9);) {
    step = next;
    range = roundOut(range, step);
    next = niceStep(range[1] - range[0], count);
  }
  return range;
}

function roundOut([min, max]: Range, step: number): Range {
  const end = (steps: number): number => Number((steps * step).toFixed(decimals(step)));
  return [end(Math.floor(min / step + 1e-9)), end(Math.ceil(max / step - 1e-9))];
}

/** No farther than zero and one where the data keep between them, as scores and most losses do. */
export function withinUnit([min, max]: Range, [low, high]: Range): Range {
  return [low >= 0 ? Math.max(0, min) : min, high <= 1 && low >= 0 ? Math.min(1, max) : max];
}

/** The same middle and at least this span: two equal numbers must not look far apart. */
export function atLeast([min, max]: Range, span: number): Range {
  const missing = Math.max(0, span - (max - min)) / 2;
  return [min - missing, max + missing];
}

/** Ends on 1, 2 or 5 times a power of ten. */
export function niceLogRange([min, max]: Range): Range {
  const down = (value: number): number => {
    const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
    return power * ([5, 2, 1].find((factor) => factor * power <= value * (1 + 1e-9)) ?? 1);
  };
  const up = (value: number): number => {
    const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
    return power * ([1, 2, 5, 10].find((factor) => factor * power >= value * (1 - 1e-9)) ?? 10);
  };
  return min === max ? [down(min / 2), up(max * 2)] : [down(min), up(max)];
}

/** Labels of one axis with the same number of decimals. */
export function tickLabels(ticks: readonly number[]): string[] {
  const largest = Math.max(...ticks.map(Math.abs), 0);
  if (largest >= 1e5 || (largest > 0 && largest < 1e-3)) return ticks.map(scientific);
  const digits = Math.max(0, ...ticks.map(decimals));
  return ticks.map((tick) => tick.toFixed(digits).replace(/^-/, "−"));
}

/** Units in short: "500", "20k", "1.5M". */
export function unitLabels(ticks: readonly number[]): string[] {
  const largest = Math.max(...ticks.map(Math.abs), 0);
  const [size, suffix] = largest >= 1e6 ? [1e6, "M"] : largest >= 1e4 ? [1e3, "k"] : [1, ""];
  return ticks.map((tick) => (tick === 0 ? "0" : `${Number((tick / size).toFixed(3))}${suffix}`));
}

/** A tick of a log axis speaks for itself. */
export function logTickLabel(tick: number): string {
  return tick >= 1e5 || tick < 1e-3 ? scientific(tick) : String(tick);
}

function scientific(tick: number): string {
  if (tick === 0) return "0";
  const [digits = "", power = ""] = tick.toExponential(1).split("e");
  return `${digits.replace(".0", "")}e${power.replace("+", "")}`.replace(/^-/, "−");
}

function integersIn([min, max]: Range): number[] {
  const first = Math.ceil(min - 1e-9);
  return Array.from(
    { length: Math.max(0, Math.floor(max + 1e-9) - first + 1) },
    (_, i) => first + i,
  );
}

/** Decimals that a number needs, at most 12. */
function decimals(value: number): number {
  const [digits = "", power = "0"] = Math.abs(value).toExponential(6).split("e");
  const significant = digits.replace(/\.?0+$/, "").replace(".", "").length;
  return Math.min(12, Math.max(0, significant - 1 - Number(power)));
}
