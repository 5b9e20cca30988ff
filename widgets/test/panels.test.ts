import assert from "node:assert/strict";
import { test } from "node:test";
import { SCENES } from "../demo/scenes";
import { milestone } from "../src/panels/announcer";
import { macro, weakest } from "../src/panels/classification";
import { mistakes } from "../src/panels/confusion";
import { tableOf } from "../src/panels/curve-table";
import { curveViews, parseMetric } from "../src/panels/curve-views";
import { troubles } from "../src/panels/log";
import { plainText } from "../src/panels/plain-text";
import { noteText } from "../src/panels/tiles";
import type { Curve } from "../src/curves";

const { state } = SCENES["running"]!.at(0);
const curve = (metric: string, series: string, ...y: number[]): Curve => ({
  metric,
  series,
  grain: "unit",
  x: Float64Array.from(y, (_, i) => i + 1),
  y: Float64Array.from(y),
});
const curves = [
  curve("loss", "validation", 0.6, 0.5, 0.7),
  curve("loss", "train", 0.6, 0.4, 0.3),
  curve("accuracy", "validation", 0.8, 0.9, 0.85),
];
const facts = { ...state, best: { index: 2, metric: "val_loss", value: 0.5 } };

test("one chart a metric, train below validation, best where its metric decided", () => {
  const views = curveViews(curves, facts);
  assert.deepEqual(
    views.map(({ metric, lines }) => [metric, lines.map(({ name }) => name)]),
    [
      ["loss", ["train", "validation"]],
      ["accuracy", ["validation"]],
    ],
  );
  assert.deepEqual(views[0]?.mark, { x: 2, y: 0.5, text: "best 0.5000" });
  assert.deepEqual(views[1]?.mark, { x: 2, y: 0.9, text: "0.9000" });
});

test("the axis reaches as far as the run will go, and a finished run's no farther than it went", () => {
  assert.equal(curveViews(curves, facts)[0]?.end, 40);
  assert.equal(curveViews(curves, { ...facts, status: "stopped" })[0]?.end, 3);
});

test("folds have a chart of their own beside the epochs of the same metric", () => {
  const views = curveViews([...curves, curve("loss", "fold", 0.5, 0.6)], facts);
  assert.deepEqual(
    views.map(({ metric, unit, averaged }) => [metric, unit, averaged]),
    [
      ["loss", "epoch", false],
      ["accuracy", "epoch", false],
      ["loss", "fold", true],
    ],
  );
});

test("the table has a row a unit and marks the best", () => {
  const { head, rows } = tableOf("epoch", curveViews(curves, facts));
  assert.deepEqual(head, ["epoch", "train loss", "validation loss", "validation accuracy"]);
  assert.deepEqual(rows[1], { cells: ["2", "0.4000", "0.5000", "0.9000"], best: true });
});

test("a metric's prefix names its series", () => {
  assert.deepEqual(parseMetric("val_loss"), { metric: "loss", series: "validation" });
  assert.deepEqual(parseMetric("train_f1_macro"), { metric: "f1_macro", series: "train" });
  assert.deepEqual(parseMetric("accuracy"), { metric: "accuracy", series: "validation" });
});

test("a screen reader hears quarters, not every epoch", () => {
  const at = (fraction: number) =>
    milestone({ ...state, progress: { ...state.progress, fraction } });
  assert.equal(at(0.3), at(0.4));
  assert.notEqual(at(0.4), at(0.6));
});

test("a note's value goes where the braces are", () => {
  assert.equal(
    noteText({ note: { text: "best {} at 9", value: 0.246 }, format: "metric" }),
    "best 0.2460 at 9",
  );
  assert.equal(noteText({ note: { text: "peak", value: 6.4e8 }, format: "bytes" }), "peak 0.64 GB");
  assert.equal(noteText({ note: { text: "cosine" }, format: "metric" }), "cosine");
});

test("mistakes come with the most frequent first", () => {
  const counts = [
    [41, 2, 0],
    [3, 17, 0],
    [0, 0, 37],
  ];
  const found = mistakes({ labels: ["A", "B", "C"], counts, of: "test" });
  assert.deepEqual(
    found.map(({ truth, predicted, count, total }) => [truth, predicted, count, total]),
    [
      ["B", "A", 3, 20],
      ["A", "B", 2, 43],
    ],
  );
});

test("classes: the weakest, and means of what is known", () => {
  const report = {
    labels: [],
    precision: [1, null],
    recall: [0.5, 1],
    f1: [0.7, 0.9],
    support: [],
    accuracy: 1,
  };
  assert.equal(weakest(report), 0);
  assert.equal(weakest({ f1: [1, 1] }), -1);
  assert.deepEqual(macro(report), [1, 0.75, 0.8]);
});

test("text loses colours and what a progress bar drew over", () => {
  assert.equal(plainText("\u001b[31mred\u001b[0m"), "red");
  assert.equal(plainText(" 10%|#\r 20%|##\r 30%|###"), " 30%|###");
  assert.equal(plainText("a\r\nb"), "a\nb");
});

test("a warning of several lines counts once", () => {
  const at = (time: number, level: "info" | "warning" | "error") => ({ time, level, text: "line" });
  const log = [at(1, "info"), at(2, "warning"), at(2, "warning"), at(3, "warning"), at(3, "error")];
  assert.equal(troubles(log), 3);
  assert.equal(troubles([]), 0);
});
