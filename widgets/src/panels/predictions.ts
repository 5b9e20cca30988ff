import { element, setText } from "../dom";
import { grouped } from "../format";
import type { Part, Run } from "../store";
import type { TabPanel } from "./panel";

/** The first predicted rows. */
export class PredictionsPanel implements TabPanel {
  readonly title = "Predictions";
  readonly parts: readonly Part[] = ["preview"];
  #lead = element("p", "mlm-lead");
  #head = element("thead");
  #body = element("tbody");
  #node: HTMLElement;

  constructor() {
    const table = element("table", "mlm-table mlm-rows", this.#head, this.#body);
    const scroll = element("div", "mlm-scroll", table);
    scroll.tabIndex = 0;
    this.#node = element("div", "mlm-padded", this.#lead, scroll);
  }

  node(): HTMLElement {
    return this.#node;
  }

  has({ state }: Run): boolean {
    return state.preview !== null;
  }

  update({ state }: Run): void {
    if (!state.preview) return;
    const { columns, rows, of, table } = state.preview;
    const part =
      rows.length < of
        ? `the first ${rows.length} of ${grouped(of)} rows`
        : `all ${grouped(of)} rows`;
    setText(this.#lead, table ? `${part}; ${table} is the DataFrame of all` : part);
    this.#head.replaceChildren(
      element("tr", "", ...columns.map((name, i) => heading(name, rows[0]?.[i] ?? ""))),
    );
    this.#body.replaceChildren(...rows.map((row) => element("tr", "", ...row.map(cell))));
  }
}

/** The head of a column stands as its cells do. */
function heading(name: string, first: string): HTMLElement {
  const th = element("th", kindOf(first), name);
  th.scope = "col";
  return th;
}

function cell(text: string): HTMLElement {
  return element("td", kindOf(text), text);
}

function kindOf(text: string): string {
  return text.trim() !== "" && Number.isFinite(Number(text)) ? "" : "mlm-word";
}
