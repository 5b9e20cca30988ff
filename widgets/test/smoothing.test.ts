import assert from "node:assert/strict";
import { test } from "node:test";
import { readingAt, type CurveView } from "../src/charts/curve-view";
import { leaders, type Line } from "../src/charts/series";
import { average, smoothed } from "../src/charts/smoothing";

const numbers = Float64Array.from({ length: 60 }, (_, i) => Math.sin(i) + i / 10);
const near = (got: number, wanted: number): void =>
  assert.ok(
    Math.abs(got - wanted) < 1e-12 * Math.max(1, Math.abs(wanted)),
    `${got}, not ${wanted}`,
  );

test("the average is the weighted mean of the points so far, its weights falling by powers", () => {
  for (const weight of [0.3, 0.6, 0.99]) {
    average(numbers, weight).forEach((got, t) => {
      // By its definition, not by recursion: w^(t-i) for point i, and divided by what the weights sum to.
      const weights = Array.from({ length: t + 1 }, (_, i) => weight ** (t - i));
      const sum = weights.reduce((total, w, i) => total + w * numbers[i]!, 0);
      near(got, sum / weights.reduce((total, w) => total + w));
    });
  }
});

test("it is the number that TensorBoard shows: from nought, divided by 1 - w ** n", () => {
  const weight = 0.9;
  let last = 0;
  numbers.forEach((value, i) => {
    last = last * weight + (1 - weight) * value;
    near(average(numbers, weight)[i]!, last / (1 - weight ** (i + 1)));
  });
});

test("the first point is itself, and what does not move stays", () => {
  assert.equal(average(Float64Array.of(7, 1), 0.99)[0], 7);
  average(new Float64Array(50).fill(0.1), 0.9).forEach((value) => near(value, 0.1));
});

test("a hole stays a hole and pulls nothing", () => {
  const [first, hole, after] = average(Float64Array.of(1, NaN, 3), 0.5);
  assert.equal(first, 1);
  assert.ok(Number.isNaN(hole));
  near(after!, (0.5 * 1 + 3) / 1.5);
});

const line = (name: string, grain: Line["grain"], count: number): Line => ({
  name,
  grain,
  x: Float64Array.from({ length: count }, (_, i) => (grain === "step" ? (i + 1) / 10 : i + 1)),
  y: numbers.slice(0, count),
});
const view = (...lines: Line[]): CurveView => ({
  metric: "loss",
  unit: "epoch",
  lines,
  end: null,
  scattered: false,
  averaged: false,
  mark: null,
});

test("raw lines lie behind, and one smooth line of each name speaks for them", () => {
  const long = view(
    line("train", "step", 60),
    line("train", "unit", 20),
    line("validation", "unit", 20),
  );
  const shown = smoothed(long, 0.6);
  assert.deepEqual(
    shown.lines.map(({ name, grain, faded }) => [name, grain, faded ?? false]),
    [
      ["train", "step", true],
      ["train", "unit", true],
      ["validation", "unit", true],
      ["train", "unit", false],
      ["validation", "unit", false],
    ],
  );
  assert.deepEqual(shown.lines[2]!.y, long.lines[2]!.y);
  const reading = readingAt(shown, 12)!.rows.find(({ name }) => name === "validation");
  assert.deepEqual(reading, {
    name: "validation",
    value: average(long.lines[2]!.y, 0.6)[11],
    raw: long.lines[2]!.y[11],
  });
});

test("while epochs are few the steps are smoothed", () => {
  const shown = smoothed(view(line("train", "step", 60), line("train", "unit", 3)), 0.6);
  assert.deepEqual(
    leaders(shown.lines).map(({ grain, x }) => [grain, x.length]),
    [["step", 60]],
  );
});

test("off is the view itself, and folds stay as they are", () => {
  const plain = view(line("validation", "unit", 20));
  assert.equal(smoothed(plain, 0), plain);
  const folds = { ...plain, scattered: true };
  assert.equal(smoothed(folds, 0.6), folds);
});
