import type { Range, Scale } from "./axis";

/** One curve of a chart: dense and faint if it is a step's, plain if it is a unit's. */
export interface Line {
  readonly name: string;
  readonly grain: "step" | "unit";
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Lies faintly behind its smoothed self, which speaks for it. */
  readonly faded?: boolean;
}

/** What uPlot draws: one x for all lines; undefined where a line has no point, null where it has a hole. */
export type Aligned = [x: number[], ...ys: (number | null | undefined)[][]];

export function align(lines: readonly Line[], scale: Scale): Aligned {
  const x = [...new Set(lines.flatMap((line) => [...line.x]))].sort((a, b) => a - b);
  const row = new Map(x.map((value, i) => [value, i]));
  const columns = lines.map((line) => {
    const column = new Array<number | null | undefined>(x.length).fill(undefined);
    line.x.forEach((value, i) => (column[row.get(value)!] = drawable(line.y[i]!, scale)));
    return column;
  });
  return [x, ...columns];
}

function drawable(value: number, scale: Scale): number | null {
  return Number.isFinite(value) && (scale === "linear" || value > 0) ? value : null;
}

/** The values within a window of x. Of steps, the outermost hundredths do not count: one spike hides the rest. */
export function valueRange(lines: readonly Line[], window: Range, scale: Scale): Range | null {
  const ends = lines.flatMap((line) => {
    const seen = visible(line, window).filter((value) => drawable(value, scale) !== null);
    if (seen.length === 0) return [];
    seen.sort();
    const cut = line.grain === "step" && seen.length >= 50 ? Math.floor(seen.length / 100) : 0;
    return [seen[cut]!, seen[seen.length - 1 - cut]!];
  });
  return ends.length > 0 ? [Math.min(...ends), Math.max(...ends)] : null;
}

function visible(line: Line, [from, to]: Range): Float64Array {
  const first = line.x.findIndex((x) => x >= from);
  if (first < 0) return new Float64Array(0);
  const after = line.x.findIndex((x) => x > to);
  return line.y.slice(first, after < 0 ? undefined : after);
}

/** The index of the point nearest to x, or -1 of an empty line. */
export function nearest(xs: Float64Array, x: number): number {
  let low = 0;
  let high = xs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low > 0 && x - xs[low - 1]! < xs[low]! - x ? low - 1 : Math.min(low, xs.length - 1);
}

/** The names of the lines, each once, and the line that stands for each: a unit's before a step's. */
export function leaders(lines: readonly Line[]): Line[] {
  const byName = new Map<string, Line>();
  for (const line of lines) {
    if (line.x.length === 0 || line.faded) continue;
    if (!byName.has(line.name) || line.grain === "unit") byName.set(line.name, line);
  }
  return [...byName.values()];
}

export function mean(values: Float64Array): number {
  const finite = values.filter(Number.isFinite);
  return finite.reduce((sum, value) => sum + value, 0) / finite.length;
}

/** The standard deviation of these values themselves, as the report has it; 0 of a single value. */
export function deviation(values: Float64Array): number {
  const finite = values.filter(Number.isFinite);
  const centre = mean(finite);
  const squares = finite.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / finite.length);
}
