import { ConfusionMatrix } from "../charts/matrix";
import { element, setText } from "../dom";
import { percent } from "../format";
import type { Confusion } from "../protocol";
import type { Part, Run } from "../store";
import type { TabPanel } from "./panel";

const SHOWN = 6;

/** Which classes are taken for which. */
export class ConfusionPanel implements TabPanel {
  readonly title = "Confusion";
  readonly parts: readonly Part[] = ["confusion"];
  #matrix = new ConfusionMatrix();
  #of = element("p", "mlm-lead");
  #list = element("ol", "mlm-mistakes");
  #node: HTMLElement;

  constructor() {
    const beside = element("div", "mlm-beside", this.#of, this.#list);
    this.#node = element("div", "mlm-confusion", this.#matrix.node(), beside);
  }

  node(): HTMLElement {
    return this.#node;
  }

  has({ state }: Run): boolean {
    return state.confusion !== null;
  }

  update({ state }: Run): void {
    const { confusion } = state;
    if (!confusion) return;
    this.#matrix.draw(confusion);
    const found = mistakes(confusion);
    setText(this.#of, leadText(confusion));
    this.#list.replaceChildren(...found.slice(0, SHOWN).map((mistake) => this.#item(mistake)));
    if (found.length > SHOWN) {
      this.#list.append(element("li", "mlm-more", `and ${found.length - SHOWN} other pairs`));
    }
  }

  #item({ row, column, truth, predicted, count, total }: Mistake): HTMLElement {
    const words = element(
      "span",
      "",
      element("b", "", truth),
      " called ",
      element("b", "", predicted),
    );
    const share = percent(count / total);
    const item = element(
      "li",
      "",
      words,
      element("span", "mlm-share", `${count} of ${total}, ${share}`),
    );
    item.addEventListener("pointerenter", () => this.#matrix.mark(row, column));
    item.addEventListener("pointerleave", () => this.#matrix.mark(null, null));
    return item;
  }
}

interface Mistake {
  row: number;
  column: number;
  truth: string;
  predicted: string;
  count: number;
  total: number;
}

/** Off the diagonal, the most frequent first. */
export function mistakes({ labels, counts }: Confusion): Mistake[] {
  return counts
    .flatMap((cells, row) => {
      const total = cells.reduce((sum, count) => sum + count, 0);
      return cells.map((count, column) => ({
        row,
        column,
        truth: labels[row] ?? "",
        predicted: labels[column] ?? "",
        count,
        total,
      }));
    })
    .filter(({ row, column, count }) => row !== column && count > 0)
    .sort((a, b) => b.count - a.count || b.count / b.total - a.count / a.total);
}

export function leadText({ counts, of }: Confusion): string {
  const right = counts.reduce((sum, cells, i) => sum + (cells[i] ?? 0), 0);
  const total = counts.flat().reduce((sum, count) => sum + count, 0);
  return `${of}: ${right} right, ${percent(right / (total || 1))}`;
}
