import type { CurveView, Mark } from "../charts/curve-view";
import { nearest } from "../charts/series";
import type { Curve } from "../curves";
import { metric } from "../format";
import type { Best, RunState } from "../protocol";

type Facts = Pick<RunState, "axis" | "best" | "status" | "progress">;

/** Units that do not follow from each other. */
const SCATTERED = new Set(["fold", "trial"]);
const ORDER = ["train", "validation", "test"];

/** One chart a metric. Folds have an axis of their own, since the final fit's epochs share their metrics. */
export function curveViews(curves: readonly Curve[], facts: Facts): CurveView[] {
  const groups = new Map<string, Curve[]>();
  for (const curve of curves) {
    if (curve.x.length === 0) continue;
    const key = JSON.stringify([unitOf(curve, facts), curve.metric]);
    groups.set(key, [...(groups.get(key) ?? []), curve]);
  }
  return [...groups.values()].map((group) => view(group, facts));
}

function view(curves: Curve[], facts: Facts): CurveView {
  const unit = unitOf(curves[0]!, facts);
  const lines = curves
    .map(({ series, grain, x, y }) => ({ name: series, grain, x, y }))
    // Steps lie under units, and validation over train.
    .sort((a, b) => a.grain.localeCompare(b.grain) || rank(a.name) - rank(b.name));
  return {
    metric: curves[0]!.metric,
    unit,
    lines,
    end: endOf(unit, curves, facts),
    scattered: SCATTERED.has(unit),
    averaged: unit === "fold",
    mark: unit === facts.axis.unit && facts.best ? markOf(facts.best, curves) : null,
  };
}

/** What the x of a curve counts. */
export function unitOf(curve: Pick<Curve, "series">, { axis }: Pick<Facts, "axis">): string {
  return curve.series === "fold" ? "fold" : axis.unit;
}

function rank(series: string): number {
  return ORDER.indexOf(series) + 1 || ORDER.length + 1;
}

/** A run that is over ends where its curves end, however far it was meant to go. */
function endOf(unit: string, curves: Curve[], { axis, status, progress }: Facts): number | null {
  const alive = status === "running" || status === "queued";
  if (!alive) return Math.max(...curves.map((curve) => curve.x.at(-1)!));
  if (unit === axis.unit) return axis.total;
  return unit === progress.unit ? progress.total : null;
}

/** The point of the kept unit: called best where its metric decided, else only its value. */
function markOf(best: Best, curves: readonly Curve[]): Mark | null {
  const decided = parseMetric(best.metric);
  const units = curves.filter((curve) => curve.grain === "unit");
  const wanted = [decided.series, "validation", "test", "train"];
  const curve =
    wanted.map((name) => units.find((unit) => unit.series === name)).find(Boolean) ?? units[0];
  if (!curve) return null;
  const i = nearest(curve.x, best.index);
  const [x, y] = [curve.x[i]!, curve.y[i]!];
  if (Math.abs(x - best.index) > 0.5 || !Number.isFinite(y)) return null;
  return { x, y, text: curve.metric === decided.metric ? `best ${metric(best.value)}` : metric(y) };
}

/** "val_loss" is the validation series of loss. */
export function parseMetric(name: string): { metric: string; series: string } {
  const [, prefix, rest] = /^(val|validation|train|test)_(.+)$/.exec(name) ?? [];
  if (!prefix || !rest) return { metric: name, series: "validation" };
  return { metric: rest, series: prefix === "val" ? "validation" : prefix };
}
