import assert from "node:assert/strict";
import { test } from "node:test";
import type { Curve } from "../src/curves";
import { csvTable, csvText } from "../src/panels/curve-csv";

const curve = (
  metric: string,
  series: string,
  grain: Curve["grain"],
  points: readonly (readonly [x: number, y: number])[],
): Curve => ({
  metric,
  series,
  grain,
  x: Float64Array.from(points, ([x]) => x),
  y: Float64Array.from(points, ([, y]) => y),
});
const epochs = { axis: { unit: "epoch", total: 4, steps: 3 } };

test("steps and epochs share rows, and columns are named as in the history", () => {
  const third = 1 / 3;
  const table = csvTable(
    [
      curve(
        "loss",
        "train",
        "step",
        [1, 2, 3, 4].map((step) => [step * third, 10 + step]),
      ),
      curve("loss", "train", "unit", [[1, 5]]),
      curve("loss", "validation", "unit", [[1, 6]]),
      curve("oob_score", "epoch", "unit", [[1, 7]]),
    ],
    epochs,
  );
  assert.deepEqual(table.head, [
    "step",
    "epoch",
    "train_loss_step",
    "train_loss",
    "val_loss",
    "oob_score",
  ]);
  assert.deepEqual(table.rows, [
    [1, 1 / 3, 11, null, null, null],
    [2, 2 / 3, 12, null, null, null],
    [3, 1, 13, 5, 6, 7],
    [4, 4 / 3, 14, null, null, null],
  ]);
});

test("the last step of an epoch meets it, however often a fraction was added up", () => {
  const steps = 49; // 49 * (1 / 49) is less than 1
  const table = csvTable(
    [
      curve(
        "loss",
        "train",
        "step",
        Array.from({ length: 490 }, (_, i) => [(i + 1) * (1 / steps), i]),
      ),
      curve(
        "loss",
        "train",
        "unit",
        Array.from({ length: 10 }, (_, i) => [i + 1, i]),
      ),
    ],
    { axis: { unit: "epoch", total: 10, steps } },
  );
  assert.equal(table.rows.length, 490);
  assert.deepEqual(table.rows[48], [49, 1, 48, 0]);
});

test("folds and epochs count in columns of their own, folds first as they came", () => {
  const table = csvTable(
    [
      curve("accuracy", "fold", "unit", [
        [1, 0.8],
        [2, 0.9],
      ]),
      curve("accuracy", "validation", "unit", [[1, 0.7]]),
    ],
    { axis: { unit: "epoch", total: 1, steps: null } },
  );
  assert.deepEqual(table.head, ["fold", "epoch", "accuracy", "val_accuracy"]);
  assert.deepEqual(table.rows, [
    [1, null, 0.8, null],
    [2, null, 0.9, null],
    [null, 1, null, 0.7],
  ]);
});

test("RFC 4180: lines end in CR LF, and a name with a comma, a quote or a line's end is quoted", () => {
  const head = ["epoch", "plain", "a,b", 'the "best"', "two\nlines"];
  const text = csvText({ head, rows: [[1, 0.1, -2, 1e-7, 3]] });
  assert.equal(text, 'epoch,plain,"a,b","the ""best""","two\nlines"\r\n1,0.1,-2,1e-7,3\r\n');
});

test("what is missing or no number is an empty field", () => {
  assert.equal(
    csvText({
      head: ["epoch", "loss"],
      rows: [
        [1, NaN],
        [2, null],
      ],
    }),
    "epoch,loss\r\n1,\r\n2,\r\n",
  );
});

test("no name starts a formula in a spreadsheet", () => {
  const head = [
    "=cmd|' /C calc'!A1",
    "+1",
    "-1",
    "@sum",
    "\tx",
    '=HYPERLINK("http://a","b")',
    "a=b",
  ];
  assert.equal(
    csvText({ head, rows: [] }),
    `'=cmd|' /C calc'!A1,'+1,'-1,'@sum,'\tx,"'=HYPERLINK(""http://a"",""b"")",a=b\r\n`,
  );
});
