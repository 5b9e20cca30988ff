import type { LogLine, RunState } from "../src/protocol";
import type { Points, Scene } from "./fake-model";
import {
  CLASSIFICATION,
  CONFIG,
  CONFUSION,
  ERROR,
  IMPORTANCE,
  MANY_FEATURES,
  REPORT,
} from "./results";

const EPOCHS = 40;
const STEPS = 25; // an epoch

const loss = (x: number): number => 0.62 * Math.exp(-x / 5) + 0.12 + 0.012 * Math.sin(x * 2.1);
const valLoss = (x: number): number =>
  0.58 * Math.exp(-x / 4.4) + 0.165 + 0.016 * Math.sin(x * 1.7) + Math.max(0, x - 9) * 0.004;
const accuracy = (x: number): number => 0.975 - 0.42 * Math.exp(-x / 4.2) + 0.006 * Math.sin(x * 2);
const valAccuracy = (x: number): number =>
  0.951 - 0.4 * Math.exp(-x / 3.6) + 0.008 * Math.sin(x * 1.5);
/** The same "random" number for the same i, so that screenshots repeat. */
const noise = (i: number): number => ((Math.sin(i * 12.9898) * 43758.5453) % 1) * 0.5;

const BASE: RunState = {
  id: "report-1",
  name: "report",
  action: "train",
  framework: "PyTorch",
  subject: "PenguinNet",
  threads: 2,
  device: null,
  notice: null,
  preview: null,
  status: "running",
  stopping: false,
  stopBy: "button",
  phase: "training",
  progress: { unit: "epoch", done: 14, total: EPOCHS, fraction: 0.35, elapsed: 72, remaining: 130 },
  waiting: null,
  tiles: [],
  axis: { unit: "epoch", total: EPOCHS, steps: STEPS },
  best: null,
  outputDir: "models/penguins-3",
  seed: 7,
  dataHash: "9f3c4be17cd022a1",
  confusion: null,
  classification: null,
  importance: null,
  config: CONFIG,
  report: null,
  error: null,
};

/** The run after so many epochs, which need not be whole. */
function training(epochs: number, more: Partial<RunState> = {}): ReturnType<Scene["at"]> {
  const done = Math.floor(epochs);
  const units = Array.from({ length: done }, (_, i) => i + 1);
  const steps = Array.from({ length: Math.floor(epochs * STEPS) }, (_, i) => (i + 1) / STEPS);
  const curve = (metric: string, series: string, of: (x: number) => number): Points => ({
    metric,
    series,
    grain: "unit",
    points: units.map((x) => [x, of(x)] as const),
  });
  const best = units.reduce((low, x) => (valLoss(x) < valLoss(low) ? x : low), 1);
  const fraction = epochs / EPOCHS;
  const state: RunState = {
    ...BASE,
    progress: {
      unit: "epoch",
      done,
      total: EPOCHS,
      fraction,
      elapsed: epochs * 5.15,
      remaining: epochs < 0.5 ? null : (EPOCHS - epochs) * 5,
    },
    tiles: tiles(done, best),
    best: done > 0 ? { index: best, metric: "val_loss", value: valLoss(best) } : null,
    ...more,
  };
  return {
    state,
    log: lines(done),
    curves: [
      {
        metric: "loss",
        series: "train",
        grain: "step",
        points: steps.map((x, i) => [x, loss(x) * (1 + 0.5 * noise(i))] as const),
      },
      curve("loss", "train", loss),
      curve("loss", "validation", valLoss),
      curve("accuracy", "train", accuracy),
      curve("accuracy", "validation", valAccuracy),
    ],
  };
}

function tiles(done: number, best: number): RunState["tiles"] {
  const at = (of: (x: number) => number): number | null => (done > 0 ? of(done) : null);
  const kept = (value: number): { text: string; value: number } | null =>
    done > 0 ? { text: `best {} at ${best}`, value } : null;
  return [
    {
      label: "val_accuracy",
      value: at(valAccuracy),
      format: "metric",
      note: kept(valAccuracy(best)),
    },
    { label: "val_loss", value: at(valLoss), format: "metric", note: kept(valLoss(best)) },
    { label: "train_loss", value: at(loss), format: "metric", note: { text: "falling" } },
    { label: "learning rate", value: 7.3e-4, format: "metric", note: { text: "cosine" } },
    { label: "samples / s", value: 41234, format: "rate", note: { text: "batch 64" } },
    { label: "memory", value: 6.1e8, format: "bytes", note: { text: "peak", value: 6.4e8 } },
  ];
}

function lines(done: number): LogLine[] {
  return [
    {
      time: 0,
      level: "info",
      text: "344 rows, 240 train, 37 validation, 67 test; stratified by species",
    },
    { time: 0.4, level: "warning", text: "11 gaps in sex filled with the most frequent value" },
    { time: 0.6, level: "output", text: "PenguinNet(\n  (net): Sequential(...)\n)" },
    ...Array.from({ length: done }, (_, i): LogLine => {
      const epoch = i + 1;
      return {
        time: epoch * 5.15,
        level: "info",
        text: `epoch ${epoch}: val_loss ${valLoss(epoch).toFixed(4)}`,
      };
    }),
  ];
}

const still = (frame: ReturnType<Scene["at"]>): Scene => ({ ticks: 0, at: () => frame });
const results = {
  confusion: CONFUSION,
  classification: CLASSIFICATION,
  importance: IMPORTANCE,
  report: REPORT,
};
const ended = { stopBy: "none" as const, phase: "", ...results };

function folds(done: number): ReturnType<Scene["at"]> {
  const scores = [0.9551, 0.9701, 0.9403, 0.9851, 0.9552].slice(0, done);
  const losses = [0.142, 0.121, 0.188, 0.097, 0.151].slice(0, done);
  const points = (metric: string, values: number[]): Points => ({
    metric,
    series: "fold",
    grain: "unit",
    points: values.map((y, i) => [i + 1, y] as const),
  });
  return {
    state: {
      ...BASE,
      framework: "scikit-learn",
      subject: "RandomForestClassifier",
      phase: "cross-validation",
      progress: { unit: "fold", done, total: 5, fraction: done / 6, elapsed: 3.2, remaining: 4 },
      axis: { unit: "fold", total: 5, steps: null },
      tiles: tiles(1, 1).slice(0, 4),
    },
    log: lines(0),
    curves: [points("accuracy", scores), points("log_loss", losses)],
  };
}

function forest(): ReturnType<Scene["at"]> {
  const trees = Array.from({ length: 30 }, (_, i) => 10 * (i + 1));
  const after = folds(5);
  const state: RunState = {
    ...after.state,
    ...ended,
    status: "success",
    progress: { unit: "tree", done: 300, total: 300, fraction: 1, elapsed: 5.4, remaining: 0 },
    axis: { unit: "tree", total: 300, steps: null },
  };
  const oob: Points = {
    metric: "oob_score",
    series: "validation",
    grain: "unit",
    points: trees.map((x, i) => [x, 0.97 - 0.12 * Math.exp(-x / 40) + 0.004 * noise(i)] as const),
  };
  return { state, log: after.log, curves: [...after.curves, oob] };
}

const METRICS = [
  "accuracy",
  "f1_macro",
  "roc_auc_ovr_weighted",
  "balanced_accuracy",
  "log_loss",
  "top_3_categorical_accuracy",
  "mean_absolute_percentage_error_of_the_calibrated_probabilities",
  "matthews_corrcoef",
  "cohen_kappa",
  "expected_calibration_error",
];

/** More metrics than one screen holds, with the names that their libraries give them. */
function metrics(): ReturnType<Scene["at"]> {
  const base = training(14.4);
  const curves = METRICS.flatMap((metric, i) =>
    ["train", "validation"].map((series, j): Points => {
      const points = Array.from({ length: 14 }, (_, x) => {
        const height = 1 - (0.3 + 0.02 * i) * Math.exp(-x / (3 + i / 3)) - 0.03 * j;
        return [x + 1, height + 0.03 * noise(31 * i + 7 * j + x)] as const;
      });
      return { metric, series, grain: "unit", points };
    }),
  );
  const names = METRICS.slice(1, 7).map((name) => `val_${name}`);
  const tiles = names.map((label, i) => ({ ...base.state.tiles[0]!, label, value: 0.9 + i / 100 }));
  return {
    ...base,
    state: { ...base.state, tiles },
    curves: [...base.curves.slice(0, 3), ...curves],
  };
}

/** A GPU at work; nobody knows how busy it is where `utilisation` is null. */
const gpu = (utilisation: number | null): RunState["device"] => ({
  name: "NVIDIA H100 80GB HBM3",
  utilisation,
  memoryUsed: 12.3 * 2 ** 30,
  memoryTotal: 79.6 * 2 ** 30,
});

function classes(count: number): ReturnType<Scene["at"]> {
  const labels = Array.from(
    { length: count },
    (_, i) => `class_${i}${i === 3 ? "_with_a_very_long_name" : ""}`,
  );
  const counts = labels.map((_, i) =>
    labels.map((_, j) => {
      if (i === j) return 60 + ((i * 7) % 31);
      return Math.max(0, Math.round(40 * noise(i * 31 + j) - 12));
    }),
  );
  const support = counts.map((row) => row.reduce((sum, value) => sum + value, 0));
  const f1 = counts.map((row, i) => (row[i] ?? 0) / (support[i] ?? 1));
  const report = { labels, precision: f1, recall: f1, f1, support, accuracy: 0.842 };
  const confusion = { labels, counts, of: "test, 2 412 rows" };
  return training(40, { ...ended, status: "success", confusion, classification: report });
}

export const SCENES: Record<string, Scene> = {
  live: {
    ticks: EPOCHS * 5,
    at: (tick) =>
      tick < EPOCHS * 5 ? training(tick / 5) : training(EPOCHS, { ...ended, status: "success" }),
  },
  running: still(training(14.4)),
  start: still(
    training(0, {
      phase: "loading data",
      progress: { ...BASE.progress, done: 0, fraction: null, elapsed: 0.8, remaining: null },
    }),
  ),
  steps: still(training(0.8)),
  one: still(training(1.2)),
  finished: still(training(40, { ...ended, status: "success" })),
  stopped: still(training(23.3, { ...ended, status: "stopped" })),
  error: still(training(6.2, { status: "error", stopBy: "none", phase: "", error: ERROR })),
  interrupted: still(training(9.5, { status: "interrupted", stopBy: "none", phase: "" })),
  blocked: still(training(14.4, { stopBy: "interrupt" })),
  queued: still({
    state: {
      ...BASE,
      status: "queued",
      phase: "",
      waiting: { position: 2, for: null, behind: ["forest-3"] },
      progress: { unit: null, done: 0, total: null, fraction: null, elapsed: 0, remaining: null },
      tiles: tiles(0, 1).map((tile) => ({ ...tile, value: null, note: null })),
    },
    log: [],
    curves: [],
  }),
  folds: still(folds(5)),
  "folds-2": still(folds(2)),
  forest: still(forest()),
  long: still(
    training(14.4, {
      name: "a_report_with_a_name_that_is_much_too_long_for_any_header",
      subject:
        "<img src=x onerror=alert(1)> CalibratedClassifierCV(estimator=HistGradientBoostingClassifier())",
      outputDir:
        "experiments/2026/penguins/with/a/long/path/of/directories/experiments/baselines/models/penguins-3",
      tiles: tiles(14, 9).concat(tiles(14, 9).slice(0, 2)),
      waiting: null,
    }),
  ),
  metrics: still(metrics()),
  gpu: still(training(14.4, { device: gpu(63), threads: null })),
  "gpu-memory": still(training(14.4, { device: gpu(null), threads: null })),
  "no-gpu": still(training(14.4, { notice: "GPU asked for, none found: CPU" })),
  predictions: still({
    ...training(14.4, {
      ...ended,
      status: "success",
      action: "predict",
      confusion: null,
      classification: null,
      importance: null,
      preview: {
        columns: ["index", "predicted", "confidence", "Adelie", "Chinstrap", "Gentoo"],
        rows: [
          ["0", "Adelie", "0.9876", "0.9876", "0.0102", "0.0022"],
          ["1", "Gentoo", "0.8234", "0.0134", "0.1632", "0.8234"],
          ["2", "Chinstrap", "0.5102", "0.3021", "0.5102", "0.1877"],
        ],
        of: 5000,
        table: "predictions.predictions",
      },
    }),
    curves: [],
  }),
  features: still(training(40, { ...ended, status: "success", importance: MANY_FEATURES })),
  "12-classes": still(classes(12)),
  "26-classes": still(classes(26)),
  "30-classes": still(classes(30)),
};
