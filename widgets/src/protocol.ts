/** What the kernel sends, as anywidget custom messages, and what the page sends back. */
export type Message =
  | { type: "snapshot"; state: RunState; log: LogChange; curves: CurveChange[] }
  | { type: "patch"; state: Partial<RunState>; log?: LogChange; curves: CurveChange[] };

export type Command = { type: "ready" } | { type: "stop" };

/** One curve grows: `keep` points stay, then `count` new ones follow from a buffer of all x, then all y. */
export interface CurveChange {
  metric: string;
  series: string;
  grain: Grain;
  keep: number;
  count: number;
  buffer: number;
}

/** An optimiser step, or one row of history: an epoch, a tree, a fold. */
export type Grain = "step" | "unit";

export interface LogChange {
  keep: number;
  lines: LogLine[];
}

export interface LogLine {
  /** Seconds since the run began. */
  time: number;
  level: "info" | "warning" | "error" | "output";
  text: string;
}

export type Status = "queued" | "running" | "success" | "stopped" | "interrupted" | "error";
export type Format = "metric" | "rate" | "bytes" | "count" | "seconds" | "text";

export interface Progress {
  unit: string | null;
  done: number;
  total: number | null;
  fraction: number | null;
  /** Seconds. */
  elapsed: number;
  remaining: number | null;
}

export interface Tile {
  label: string;
  value: number | string | null;
  format: Format;
  /** `{}` in the text is where the value goes; without it the value follows the text. */
  note: { text: string; value?: number; format?: Format } | null;
}

/** An accelerator as it is now. */
export interface Device {
  name: string;
  /** Per cent. */
  utilisation: number | null;
  /** Bytes. */
  memoryUsed: number | null;
  memoryTotal: number | null;
}

export interface Best {
  index: number;
  metric: string;
  value: number;
}

export interface Confusion {
  labels: string[];
  /** Rows are true classes, columns predicted ones. */
  counts: number[][];
  of: string;
}

export interface Classification {
  labels: string[];
  precision: (number | null)[];
  recall: (number | null)[];
  f1: (number | null)[];
  support: number[];
  accuracy: number | null;
}

export interface Importance {
  features: string[];
  values: number[];
  spread: number[] | null;
  method: string;
  /** How many features there are; the most important ones are listed. */
  count: number;
}

/** The first rows that were predicted, as text; `of` is how many there are. */
export interface Preview {
  columns: string[];
  rows: string[][];
  of: number;
  /** What the notebook calls the table of all; empty where nothing is bound to it. */
  table: string;
}

export interface RunError {
  type: string;
  message: string;
  exitCode: number;
  stderr?: string;
  metadata?: object;
  solution: string;
}

export interface RunState {
  id: string;
  name: string;
  action: string;
  framework: string;
  subject: string;
  /** Of the processor, where no accelerator trains; null where nobody told. */
  threads: number | null;
  device: Device | null;
  /** What is not as it was asked for, and what a stop has kept. */
  notice: string | null;
  status: Status;
  stopping: boolean;
  /** "interrupt": the button cannot reach the kernel; "none": finished, or attached to read only. */
  stopBy: "button" | "interrupt" | "none";
  phase: string;
  progress: Progress;
  /** Its place in the queue, the run whose result it needs, the runs that it comes after. */
  waiting: { position: number; for: string | null; behind: string[] } | null;
  tiles: Tile[];
  /** Every curve's x is in these units; optimiser steps are fractions of one, `steps` to each. */
  axis: { unit: string; total: number | null; steps: number | null };
  best: Best | null;
  outputDir: string;
  seed: number | null;
  dataHash: string | null;
  confusion: Confusion | null;
  classification: Classification | null;
  importance: Importance | null;
  preview: Preview | null;
  config: string;
  report: string | null;
  error: RunError | null;
}
