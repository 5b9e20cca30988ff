import type { Curve } from "../curves";
import type { RunState } from "../protocol";
import { unitOf } from "./curve-views";

type Facts = Pick<RunState, "axis">;

/** A row for each place that a curve has a point at; a column for each curve, named as in the run's history. */
export interface CsvTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (number | null)[])[];
}

/**
 * The points that the page holds, none of them smoothed: of a long curve of steps the extremes, else all. The axes come
 * first; a row of folds leaves the epoch empty, and the other way round.
 */
export function csvTable(curves: readonly Curve[], facts: Facts): CsvTable {
  const units = [...new Set(curves.map((curve) => unitOf(curve, facts)))];
  const { unit: axis, steps } = facts.axis;
  const axes = steps && units.includes(axis) ? ["step", ...units] : units;
  const head = [...new Set([...axes, ...curves.map(columnOf)])];
  const rows = new Map<string, (number | null)[]>();
  for (const curve of curves) {
    const unit = unitOf(curve, facts);
    curve.x.forEach((x, i) => {
      const place = placeOf(x, unit === axis ? steps : null);
      const key = `${unit}/${place.step ?? place.at}`;
      const row = rows.get(key) ?? head.map(() => null);
      rows.set(key, row);
      row[head.indexOf(unit)] = place.at;
      if (place.step !== null) row[0] = place.step;
      row[head.indexOf(columnOf(curve))] = curve.y[i]!;
    });
  }
  const of = units.map((unit) => head.indexOf(unit));
  return { head, rows: [...rows.values()].sort((a, b) => before(a, b, of)) };
}

/** RFC 4180: lines end in CR LF, and what holds a comma, a quote or a line's end is quoted. */
export function csvText({ head, rows }: CsvTable): string {
  const lines = [head.map(nameCell), ...rows.map((row) => row.map(numberCell))];
  return lines.map((cells) => `${cells.join(",")}\r\n`).join("");
}

/** "val_loss", as the run's history has it; a curve of steps says so, since its epochs have the same name. */
function columnOf({ metric, series, grain }: Curve): string {
  const prefix = PREFIXES[series] ?? "";
  return `${prefix}${metric}${grain === "step" ? "_step" : ""}`;
}

const PREFIXES: Record<string, string> = { train: "train_", validation: "val_", test: "test_" };

/** Steps are fractions of a unit, which rounding blurs: the count of steps is exact. */
function placeOf(x: number, steps: number | null): { at: number; step: number | null } {
  if (!steps) return { at: x, step: null };
  const step = Math.round(x * steps);
  return { at: step / steps, step };
}

type Row = readonly (number | null)[];

/** Units in the order of their columns, and each in its own order. */
function before(a: Row, b: Row, units: readonly number[]): number {
  const [first, second] = [a, b].map((row) => units.findIndex((column) => row[column] !== null));
  return first! - second! || a[units[first!]!]! - b[units[first!]!]!;
}

function numberCell(value: number | null): string {
  return value === null || !Number.isFinite(value) ? "" : String(value);
}

/** A spreadsheet would take a name that begins so for a formula, and run it. */
const FORMULA = /^[=+\-@\t\r]/;

function nameCell(name: string): string {
  const text = FORMULA.test(name) ? `'${name}` : name;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
