import { element } from "../dom";
import { percent } from "../format";

export interface MatrixData {
  readonly labels: readonly string[];
  /** Rows are true classes, columns predicted ones. */
  readonly counts: readonly (readonly number[])[];
}

/** A confusion matrix as a table: blue where the model is right, orange where not, strong by share of its row. */
export class ConfusionMatrix {
  #table = element("table", "mlm-matrix");
  #words = element("p", "mlm-matrix-words");
  #node = element(
    "div",
    "mlm-matrix-frame",
    element("div", "mlm-scroll", this.#table),
    this.#words,
  );
  #cells: HTMLTableCellElement[][] = [];
  #heads: { columns: HTMLElement[]; rows: HTMLElement[] } = { columns: [], rows: [] };
  #hint = "";

  constructor() {
    this.#table.addEventListener("pointerover", (event) => this.#onPointer(event));
    this.#table.addEventListener("pointerleave", () => this.mark(null, null));
  }

  node(): HTMLElement {
    return this.#node;
  }

  draw({ labels, counts }: MatrixData): void {
    this.#table.dataset["size"] = sizeOf(labels.length);
    this.#table.style.setProperty("--classes", String(labels.length));
    this.#heads.columns = labels.map((label) => head(label, "col"));
    this.#heads.rows = labels.map((label) => head(label, "row"));
    this.#cells = counts.map((row, i) =>
      row.map((count, j) => cell(count, shareOf(count, row), i, j, labels)),
    );
    const top = element("tr", "", element("td"), ...this.#heads.columns);
    const rows = this.#cells.map((cells, i) => element("tr", "", this.#heads.rows[i]!, ...cells));
    this.#table.replaceChildren(element("thead", "", top), element("tbody", "", ...rows));
    this.#hint = "rows are true, columns predicted";
    this.mark(null, null);
  }

  /** Points out one cell, or none. */
  mark(row: number | null, column: number | null): void {
    this.#heads.rows.forEach((node, i) => node.classList.toggle("mlm-on", i === row));
    this.#heads.columns.forEach((node, j) => node.classList.toggle("mlm-on", j === column));
    this.#cells.forEach((cells, i) =>
      cells.forEach((node, j) => node.classList.toggle("mlm-on", i === row && j === column)),
    );
    const marked = row === null || column === null ? undefined : this.#cells[row]?.[column];
    this.#words.textContent = marked?.title ?? this.#hint;
  }

  #onPointer(event: PointerEvent): void {
    const target = (event.target as Element).closest("td");
    const row = this.#cells.findIndex((cells) => cells.includes(target as HTMLTableCellElement));
    if (row < 0) return;
    this.mark(row, this.#cells[row]!.indexOf(target as HTMLTableCellElement));
  }
}

/** How much a cell can hold: count and share, the count, or only its colour. */
export function sizeOf(classes: number): "large" | "medium" | "small" | "tiny" {
  if (classes <= 5) return "large";
  return classes <= 9 ? "medium" : classes <= 14 ? "small" : "tiny";
}

export function shareOf(count: number, row: readonly number[]): number {
  const total = row.reduce((sum, value) => sum + value, 0);
  return total > 0 ? count / total : 0;
}

/** Per cent of the hue in a cell. Rare mistakes are what one looks for, so theirs rises faster. */
export function inkOf(share: number, right: boolean): number {
  return Math.round(right ? 8 + 92 * share : 12 + 88 * share ** 0.75);
}

function head(label: string, scope: "col" | "row"): HTMLElement {
  const node = element("th", "", element("span", "", label));
  node.scope = scope;
  node.title = label;
  return node;
}

function cell(
  count: number,
  share: number,
  row: number,
  column: number,
  labels: readonly string[],
): HTMLTableCellElement {
  const node = element("td", "", element("b", "", String(count)));
  if (count > 0) node.append(element("small", "", percent(share)));
  node.dataset["kind"] = row === column ? "right" : count > 0 ? "wrong" : "none";
  const ink = inkOf(share, row === column);
  // Past this the light theme's ground is dark enough for white text (contrast 4.5).
  if (ink > 80) node.classList.add("mlm-strong");
  node.style.setProperty("--share", `${ink}%`);
  const verb = row === column ? "rightly called" : "called";
  node.title = `${labels[row]} ${verb} ${labels[column]}: ${count}, ${percent(share)} of its row`;
  return node;
}
