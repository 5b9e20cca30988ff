import assert from "node:assert/strict";
import { test } from "node:test";
import { CurveStore } from "../src/curves";
import type { CurveChange } from "../src/protocol";

const change = (keep: number, count: number): CurveChange => ({
  metric: "loss",
  series: "train",
  grain: "unit",
  keep,
  count,
  buffer: 0,
});
const buffer = (...values: number[]): DataView => new DataView(Float64Array.from(values).buffer);

test("new points follow the kept ones", () => {
  const store = new CurveStore();
  store.fold(change(0, 2), [buffer(1, 2, 0.5, 0.4)]);
  store.fold(change(2, 1), [buffer(3, 0.3)]);
  const [curve] = store.all();
  assert.deepEqual([...curve!.x], [1, 2, 3]);
  assert.deepEqual([...curve!.y], [0.5, 0.4, 0.3]);
});

test("a down-sampled curve drops the points that it does not keep", () => {
  const store = new CurveStore();
  store.fold(change(0, 3), [buffer(1, 2, 3, 5, 6, 7)]);
  store.fold(change(1, 1), [buffer(4, 8)]);
  assert.deepEqual([...store.all()[0]!.x], [1, 4]);
});

test("keeping more than there is keeps what there is", () => {
  const store = new CurveStore();
  store.fold(change(9, 1), [buffer(1, 2)]);
  assert.deepEqual([...store.all()[0]!.x], [1]);
});

test("a buffer that does not start on a multiple of eight is copied", () => {
  const bytes = new Uint8Array(20);
  bytes.set(new Uint8Array(Float64Array.of(1, 0.25).buffer), 4);
  const store = new CurveStore();
  store.fold(change(0, 1), [new DataView(bytes.buffer, 4)]);
  assert.deepEqual([...store.all()[0]!.y], [0.25]);
});

test("a curve that changes is a new object, one that does not is the same", () => {
  const store = new CurveStore();
  store.fold(change(0, 1), [buffer(1, 2)]);
  store.fold({ ...change(0, 1), series: "validation" }, [buffer(1, 3)]);
  const [train, validation] = store.all();
  store.fold(change(1, 1), [buffer(2, 2)]);
  assert.notEqual(store.all()[0], train);
  assert.equal(store.all()[1], validation);
});

test("a buffer of the wrong length is named", () => {
  assert.throws(
    () => new CurveStore().fold(change(0, 2), [buffer(1, 2)]),
    /loss\/train announced 2 points, got 1/,
  );
});
