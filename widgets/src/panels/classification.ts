import { element } from "../dom";
import { format, percent } from "../format";
import type { Classification } from "../protocol";
import type { Part, Run } from "../store";
import type { TabPanel } from "./panel";

/** Precision, recall and F1 of each class. */
export class ClassificationPanel implements TabPanel {
  readonly title = "Classes";
  readonly parts: readonly Part[] = ["classification"];
  #body = element("tbody");
  #foot = element("tfoot");
  #node: HTMLElement;

  constructor() {
    const heads = ["class", "precision", "recall", "F1", "rows"].map((text) => {
      const th = element("th", "", text);
      th.scope = "col";
      return th;
    });
    const top = element("thead", "", element("tr", "", ...heads));
    const table = element("table", "mlm-table mlm-classes", top, this.#body, this.#foot);
    this.#node = element("div", "mlm-padded mlm-scroll", table);
  }

  node(): HTMLElement {
    return this.#node;
  }

  has({ state }: Run): boolean {
    return state.classification !== null;
  }

  update({ state }: Run): void {
    const report = state.classification;
    if (!report) return;
    const worst = weakest(report);
    this.#body.replaceChildren(
      ...report.labels.map((label, i) => row(label, scoresOf(report, i), i === worst)),
    );
    const total = report.support.reduce((sum, count) => sum + count, 0);
    this.#foot.replaceChildren(
      row("mean of classes", [...macro(report), total], false),
      ...(report.accuracy === null ? [] : [accuracyRow(report.accuracy)]),
    );
  }
}

type Scores = [precision: number | null, recall: number | null, f1: number | null, support: number];

function scoresOf({ precision, recall, f1, support }: Classification, i: number): Scores {
  return [precision[i] ?? null, recall[i] ?? null, f1[i] ?? null, support[i] ?? 0];
}

function row(label: string, [precision, recall, f1, support]: Scores, worst: boolean): HTMLElement {
  const name = element("th", "", label);
  name.scope = "row";
  name.title = label;
  const scores = [precision, recall, f1].map((score) => {
    const cell = element("td", "mlm-score", score === null ? "–" : score.toFixed(3));
    cell.style.setProperty("--bar", String(score ?? 0));
    return cell;
  });
  const node = element("tr", worst ? "mlm-worst" : "", name, ...scores);
  node.append(element("td", "", format(support, "count")));
  return node;
}

function accuracyRow(accuracy: number): HTMLElement {
  const name = element("th", "", "accuracy");
  name.scope = "row";
  const cell = element("td", "", accuracy.toFixed(3));
  cell.title = percent(accuracy);
  return element("tr", "", name, element("td"), element("td"), cell, element("td"));
}

/** The class with the lowest F1; none where all are equal. */
export function weakest({ f1 }: Pick<Classification, "f1">): number {
  const known = f1.filter((score) => score !== null);
  const low = Math.min(...known);
  return known.length > 1 && low < Math.max(...known) ? f1.indexOf(low) : -1;
}

export function macro({
  precision,
  recall,
  f1,
}: Classification): [number | null, number | null, number | null] {
  const mean = (scores: (number | null)[]): number | null => {
    const known = scores.filter((score) => score !== null);
    return known.length > 0 ? known.reduce((sum, score) => sum + score, 0) / known.length : null;
  };
  return [mean(precision), mean(recall), mean(f1)];
}
