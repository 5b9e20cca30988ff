import assert from "node:assert/strict";
import { test } from "node:test";
import { scaleOf } from "../src/charts/bars";
import { offersLog } from "../src/charts/curve-range";
import { readingAt, summary, type CurveView } from "../src/charts/curve-view";
import { calmest, spread } from "../src/charts/labels";
import { shortened } from "../src/charts/picture";
import { inkOf, shareOf, sizeOf } from "../src/charts/matrix";
import {
  align,
  deviation,
  leaders,
  mean,
  nearest,
  valueRange,
  type Line,
} from "../src/charts/series";

const line = (name: string, grain: "step" | "unit", points: Record<number, number>): Line => ({
  name,
  grain,
  x: Float64Array.from(
    Object.keys(points)
      .map(Number)
      .sort((a, b) => a - b),
  ),
  y: Float64Array.from(
    Object.entries(points).sort((a, b) => Number(a[0]) - Number(b[0])),
    ([, y]) => y,
  ),
});
const steps = line("train", "step", { 0.5: 0.9, 1: 0.7 });
const train = line("train", "unit", { 1: 0.8, 2: NaN });
const view: CurveView = {
  metric: "loss",
  unit: "epoch",
  lines: [steps, train, line("validation", "unit", { 1: 0.6, 2: 0.5 })],
  end: 4,
  scattered: false,
  averaged: false,
  mark: { x: 2, y: 0.5, text: "best 0.5000" },
};

test("lines share one x; a missing point is undefined, a hole is null", () => {
  assert.deepEqual(align([steps, train], "linear"), [
    [0.5, 1, 2],
    [0.9, 0.7, undefined],
    [undefined, 0.8, null],
  ]);
  assert.deepEqual(align([line("a", "unit", { 1: 0, 2: 3 })], "log")[1], [null, 3]);
});

test("the range of values is that of the window", () => {
  assert.deepEqual(valueRange(view.lines, [0, 4], "linear"), [0.5, 0.9]);
  assert.deepEqual(valueRange(view.lines, [1.5, 4], "linear"), [0.5, 0.5]);
  assert.equal(valueRange([], [0, 1], "linear"), null);
});

test("one spike among many steps does not set the range", () => {
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [i, i === 100 ? 1e6 : 1]));
  assert.deepEqual(valueRange([line("train", "step", many)], [0, 200], "linear"), [1, 1]);
});

test("a reading snaps to whole units and takes units before steps", () => {
  assert.deepEqual(readingAt(view, 1.2), {
    x: 1,
    rows: [
      { name: "train", value: 0.8 },
      { name: "validation", value: 0.6 },
    ],
  });
  assert.equal(readingAt({ ...view, lines: [steps] }, 0.6)?.x, 0.5);
  assert.equal(readingAt({ ...view, lines: [] }, 1), null);
  assert.deepEqual(
    leaders(view.lines).map(({ grain }) => grain),
    ["unit", "unit"],
  );
});

test("nearest of none is none", () => {
  assert.equal(nearest(new Float64Array(0), 1), -1);
  assert.deepEqual(
    [0, 1.4, 1.6, 9].map((x) => nearest(Float64Array.of(1, 2, 3), x)),
    [0, 0, 1, 2],
  );
});

test("a log scale is offered where powers of ten mean something", () => {
  const offered = (metric: string, ...values: number[]): boolean =>
    offersLog({ ...view, metric, lines: [line("validation", "unit", { ...values })] });
  for (const loss of ["loss", "log_loss", "mlogloss", "multi_error", "mae", "l2", "rmse", "lr"])
    assert.ok(offered(loss, 0.9, 0.01), loss);
  for (const score of ["accuracy", "f1", "roc_auc", "r2", "oob_score", "map", "clarity"])
    assert.ok(!offered(score, 0.01, 0.9), score);
  assert.ok(offered("samples_per_second", 20, 4000));
  assert.ok(!offered("loss", 0.5, 0), "zero has no logarithm");
  assert.ok(!offered("nll", -1, 2));
  assert.ok(!offersLog({ ...view, lines: [] }));
  assert.ok(!offersLog({ ...view, scattered: true }), "folds");
});

test("words that are too long end in dots", () => {
  const fits = (text: string): boolean => text.length <= 6;
  assert.deepEqual(
    ["short", "longer one", ""].map((text) => shortened(text, fits)),
    ["short", "longe…", ""],
  );
  assert.equal(
    shortened("any", () => false),
    "",
  );
});

test("a chart in words", () => {
  assert.equal(
    summary({ ...view, lines: view.lines.slice(2) }),
    "loss by epoch. validation: from 0.6000 at 1 to 0.5000 at 2. best 0.5000 at epoch 2",
  );
});

test("mean and deviation leave out what is not finite", () => {
  assert.equal(mean(Float64Array.of(1, NaN, 3)), 2);
  assert.equal(deviation(Float64Array.of(1, NaN, 3)), 1);
  assert.equal(deviation(Float64Array.of(1)), 0);
});

test("labels stand apart, in order, within bounds", () => {
  assert.deepEqual(spread([50, 52], 13, 0, 100), [44.5, 57.5]);
  assert.deepEqual(spread([99, 98], 13, 0, 100), [100, 87]);
  assert.deepEqual(spread([1, 2, 3], 13, 0, 100), [0, 13, 26]);
  assert.deepEqual(spread([], 13, 0, 100), []);
});

test("a label goes where fewest points lie, else where it was wanted first", () => {
  const box = (top: number) => ({ left: 0, top, width: 10, height: 10 });
  assert.equal(calmest([box(0), box(20)], [[5, 5]])?.top, 20);
  assert.equal(calmest([box(0), box(20)], [])?.top, 0);
});

test("matrix cells shrink with classes and colour by share of their row", () => {
  assert.deepEqual([2, 5, 6, 12, 30].map(sizeOf), ["large", "large", "medium", "small", "tiny"]);
  assert.equal(shareOf(3, [3, 17]), 0.15);
  assert.equal(shareOf(0, [0, 0]), 0);
  assert.deepEqual([inkOf(0, true), inkOf(1, true), inkOf(1, false)], [8, 100, 100]);
});

test("bars begin at zero wherever that is", () => {
  const bar = (value: number, spread = 0) => ({ name: "", value, spread });
  assert.equal(scaleOf([bar(3), bar(-1)])(0), 25);
  assert.equal(scaleOf([bar(3, 1)])(4), 100);
  assert.equal(scaleOf([])(0), 0);
});
