import type { Classification, Confusion } from "../src/protocol";

/** Made-up results of a finished run, and a made-up error. */

const SPECIES = ["Adelie", "Chinstrap", "Gentoo"];
export const CONFUSION: Confusion = {
  labels: SPECIES,
  counts: [
    [41, 2, 0],
    [3, 17, 0],
    [0, 0, 37],
  ],
  of: "test, 100 rows",
};

export const CLASSIFICATION: Classification = {
  labels: SPECIES,
  precision: [0.932, 0.895, 1],
  recall: [0.953, 0.85, 1],
  f1: [0.943, 0.872, 1],
  support: [43, 20, 37],
  accuracy: 0.95,
};

export const IMPORTANCE = {
  features: [
    "flipper_length_mm",
    "bill_length_mm",
    "bill_depth_mm",
    "body_mass_g",
    "island",
    "sex",
    "year",
  ],
  values: [0.312, 0.284, 0.171, 0.118, 0.092, 0.021, -0.004],
  spread: [0.041, 0.052, 0.03, 0.022, 0.028, 0.009, 0.006],
  method: "permutation, 10 repeats",
  count: 7,
};

/** The thirty that are listed of three hundred, with names as feature engineering makes them. */
export const MANY_FEATURES = {
  features: Array.from({ length: 30 }, (_, i) =>
    i % 4 ? `x${i}` : `log1p(rolling_mean_30d(transactions_${i}_amount_eur)) / account_age_days`,
  ),
  values: Array.from({ length: 30 }, (_, i) => 0.31 * 0.86 ** i),
  spread: null,
  method: "mean decrease in impurity",
  count: 300,
};

export const CONFIG = `action: train
framework: pytorch
model: $PenguinNet
data: $penguins        # 344 rows x 7
target: species
hyperparameters:
  epochs: 40
  batchSize: 64
  learningRate: 1e-3
  scheduler: cosine
earlyStopping: {metric: val_loss, patience: 15}
seed: 7
`;

export const REPORT = JSON.stringify(
  { executionReport: { status: "success", metrics: { test: { accuracy: 0.95, loss: 0.2213 } } } },
  null,
  2,
);

export const ERROR = {
  type: "data-error",
  message:
    "Column 'bill_length' is not in the data.\nThe 7 columns are: species, island, bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g, sex.",
  exitCode: 3,
  stderr: Array.from(
    { length: 9 },
    (_, i) => `  File "train.py", line ${i + 10}, in step_${i}`,
  ).join("\n"),
  metadata: { column: "bill_length", near: "bill_length_mm" },
  solution: "Write features: [bill_length_mm], line 6 column 12. Did you mean 'bill_length_mm'?",
};
