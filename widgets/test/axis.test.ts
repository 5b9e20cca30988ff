import assert from "node:assert/strict";
import { test } from "node:test";
import * as axis from "../src/charts/axis";

test("ticks are 1, 2 or 5 times a power of ten and have no rounding dust", () => {
  assert.deepEqual(axis.linearTicks([0, 0.8], 5), [0, 0.2, 0.4, 0.6, 0.8]);
  assert.deepEqual(axis.linearTicks([0.86, 0.98], 6), [0.86, 0.88, 0.9, 0.92, 0.94, 0.96, 0.98]);
  assert.deepEqual(axis.linearTicks([-1e-4, 1e-4], 4), [-1e-4, -5e-5, 0, 5e-5, 1e-4]);
});

test("a nice range begins and ends on its own ticks", () => {
  for (const range of [
    [0.877, 0.971],
    [0.12, 0.74],
    [1234, 99871],
    [-3.2, -3.1],
    [5, 5],
    [0, 0],
    [1e-9, 3e-9],
  ] as const) {
    const nice = axis.niceRange(range, 5);
    const ticks = axis.linearTicks(nice, 5);
    assert.deepEqual([ticks[0], ticks.at(-1)], nice, `of ${range}`);
    assert.ok(nice[0] <= range[0] && nice[1] >= range[1], `of ${range}`);
    assert.ok(ticks.length >= 2 && ticks.length <= 7, `of ${range}`);
  }
});

test("units are whole", () => {
  assert.deepEqual(axis.unitTicks([0.5, 5.5], 9), [1, 2, 3, 4, 5]);
  assert.deepEqual(axis.unitTicks([0, 40], 6), [0, 10, 20, 30, 40]);
  assert.deepEqual(axis.unitTicks([0, 1], 6), [0, 1]);
});

test("a log axis has decades, and 2 and 5 between few of them", () => {
  assert.deepEqual(axis.logTicks([0.1, 1]), [0.1, 0.2, 0.5, 1]);
  assert.deepEqual(axis.logTicks([1e-4, 1]), [1e-4, 1e-3, 1e-2, 0.1, 1]);
  assert.equal(axis.logTicks([1e-12, 1]).length, 5);
  assert.deepEqual(axis.niceLogRange([0.13, 0.74]), [0.1, 1]);
  assert.deepEqual(axis.niceLogRange([0.5, 0.5]), [0.2, 1]);
});

test("labels of one axis have the same decimals", () => {
  assert.deepEqual(axis.tickLabels([0, 0.25, 0.5]), ["0.00", "0.25", "0.50"]);
  assert.deepEqual(axis.tickLabels([0, 2e5, 4e5]), ["0", "2e5", "4e5"]);
  assert.deepEqual(axis.unitLabels([0, 500, 1000]), ["0", "500", "1000"]);
  assert.deepEqual(axis.unitLabels([0, 5000, 10_000]), ["0", "5k", "10k"]);
  assert.deepEqual(axis.unitLabels([0, 1.5e6]), ["0", "1.5M"]);
  assert.deepEqual(axis.tickLabels([-0.5, 0]), ["−0.5", "0.0"]);
});

test("a range of scores does not leave 0 to 1", () => {
  assert.deepEqual(axis.withinUnit([0.9, 1.03], [0.95, 0.99]), [0.9, 1]);
  assert.deepEqual(axis.withinUnit([-0.1, 1.8], [0.01, 1.6]), [0, 1.8]);
  assert.deepEqual(axis.withinUnit([-0.2, 0.5], [-0.1, 0.4]), [-0.2, 0.5]);
});
