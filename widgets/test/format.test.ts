import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bytes,
  clock,
  column,
  duration,
  format,
  memoryOf,
  metric,
  ordinal,
  percent,
  short,
} from "../src/format";

const plain = (text: string): string => text.replaceAll("\u202f", " ");

test("a metric has the fewest digits that still tell two runs apart", () => {
  const shown = [
    0.92741, 1, 0, 0.26118, 0.00731, 0.001, 7.3e-4, 12.345, 123.456, 41234.4, 2.5e6, -0.5,
  ];
  assert.deepEqual(
    shown.map((value) => plain(metric(value))),
    [
      "0.9274",
      "1.0000",
      "0",
      "0.2612",
      "0.00731",
      "0.001",
      "7.3e-4",
      "12.35",
      "123.5",
      "41 234",
      "2.5e6",
      "−0.5000",
    ],
  );
});

test("what is not a finite number still has a text", () => {
  assert.equal(format(null, "metric"), "–");
  assert.equal(format(NaN, "metric"), "NaN");
  assert.equal(format(-Infinity, "bytes"), "−∞");
  assert.equal(format("cosine", "metric"), "cosine");
});

test("units always", () => {
  assert.deepEqual([6.1e8, 1.284e10, 2.5e6, 512].map(bytes), [
    "0.61 GB",
    "12.8 GB",
    "2.5 MB",
    "512 B",
  ]);
  assert.deepEqual([0.85, 4.25, 72, 7500, 273600].map(duration), [
    "850 ms",
    "4.3 s",
    "1 m 12 s",
    "2 h 05 m",
    "3 d 4 h",
  ]);
  assert.equal(clock(59.7), "1 m 00 s");
  assert.equal(plain(format(41234, "rate")), "41 200");
  assert.equal(plain(format(1234567, "count")), "1 234 567");
});

test("a device's memory is in powers of two", () => {
  const gib = 2 ** 30;
  assert.equal(memoryOf(12.34 * gib, 79.65 * gib), "12.3 of 80 GiB");
  assert.equal(memoryOf(0.5 * gib, 5.9 * gib), "0.5 of 5.9 GiB");
  assert.equal(memoryOf(3 * gib, null), "3.0 GiB");
});

test("a share is never 0 or 100 per cent unless it is", () => {
  assert.deepEqual([0, 0.002, 0.854, 0.999, 1].map(percent).map(plain), [
    "0 %",
    "<1 %",
    "85 %",
    ">99 %",
    "100 %",
  ]);
});

test("numbers under each other have the same decimals", () => {
  assert.deepEqual(column([0.312, 0.0211, -0.004]), ["0.312", "0.021", "−0.004"]);
  assert.deepEqual(column([120.4, 3]), ["120", "3"]);
});

test("small words", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 11, 12, 21, 112].map(ordinal).join(" "),
    "1st 2nd 3rd 4th 11th 12th 21st 112th",
  );
  assert.equal(short("9f3c4be17cd022a1"), "9f3c…a1");
});
