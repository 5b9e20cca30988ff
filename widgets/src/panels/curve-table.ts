import { leaders } from "../charts/series";
import { position, type CurveView } from "../charts/curve-view";
import { element, setText } from "../dom";
import { metric } from "../format";

/** The charts' numbers as rows: one table for each axis, one row a unit, one column a curve. */
export class CurveTable {
  #node = element("div", "mlm-curve-table");

  node(): HTMLElement {
    return this.#node;
  }

  draw(views: readonly CurveView[]): void {
    const units = [...new Set(views.map((view) => view.unit))];
    while (this.#node.children.length > units.length) this.#node.lastElementChild?.remove();
    units.forEach((unit, i) => {
      const table = (this.#node.children[i] ?? this.#node.appendChild(blank())) as HTMLTableElement;
      fill(
        table,
        tableOf(
          unit,
          views.filter((view) => view.unit === unit),
        ),
      );
    });
  }
}

export interface TableData {
  readonly head: string[];
  readonly rows: { cells: string[]; best: boolean }[];
}

export function tableOf(unit: string, views: readonly CurveView[]): TableData {
  const columns = views.flatMap((view) => leaders(view.lines).map((line) => ({ view, line })));
  const units = columns.filter(({ line }) => line.grain === "unit");
  const shown = units.length > 0 ? units : columns;
  const xs = [...new Set(shown.flatMap(({ line }) => [...line.x]))].sort((a, b) => a - b);
  const values = shown.map(({ line }) => new Map([...line.x].map((x, i) => [x, line.y[i]!])));
  const best = views.find((view) => view.mark)?.mark?.x;
  return {
    head: [
      unit,
      ...shown.map(({ view, line }) =>
        line.name === unit ? view.metric : `${line.name} ${view.metric}`,
      ),
    ],
    rows: xs.map((x) => ({
      cells: [
        position(x),
        ...values.map((column) => (column.has(x) ? metric(column.get(x)!) : "")),
      ],
      best: x === best,
    })),
  };
}

function blank(): HTMLTableElement {
  return element("table", "mlm-table", element("thead", "", element("tr")), element("tbody"));
}

/** Writes into the rows that are there: a reader's place in a growing table stays. */
function fill(table: HTMLTableElement, { head, rows }: TableData): void {
  cells(table.tHead!.rows[0]!, head, "th");
  const body = table.tBodies[0]!;
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((row, i) => {
    const tr = body.rows[i] ?? body.insertRow();
    tr.classList.toggle("mlm-best", row.best);
    cells(tr, row.cells, "td");
  });
}

function cells(row: HTMLTableRowElement, texts: readonly string[], tag: "th" | "td"): void {
  while (row.cells.length > texts.length) row.deleteCell(-1);
  texts.forEach((text, i) => {
    const cell = row.cells[i] ?? row.appendChild(element(tag));
    if (tag === "th") cell.setAttribute("scope", "col");
    setText(cell, text);
  });
}
