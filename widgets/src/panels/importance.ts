import { BarChart } from "../charts/bars";
import { button, element, setText } from "../dom";
import { grouped } from "../format";
import type { Part, Run } from "../store";
import type { TabPanel } from "./panel";

const SHOWN = 12;

/** What the model leans on. */
export class ImportancePanel implements TabPanel {
  readonly title = "Features";
  readonly parts: readonly Part[] = ["importance"];
  #bars = new BarChart();
  #method = element("p", "mlm-lead");
  #more: HTMLButtonElement;
  #node: HTMLElement;
  #all = false;
  #run: Run | null = null;

  constructor() {
    this.#more = button("", () => this.#toggle(), "mlm-link");
    this.#node = element("div", "mlm-padded", this.#method, this.#bars.node(), this.#more);
  }

  node(): HTMLElement {
    return this.#node;
  }

  has({ state }: Run): boolean {
    return state.importance !== null && state.importance.features.length > 0;
  }

  update(run: Run): void {
    this.#run = run;
    const { importance } = run.state;
    if (!importance) return;
    const { features, values, spread, method, count } = importance;
    const bars = features
      .map((name, i) => ({ name, value: values[i] ?? 0, spread: spread?.[i] ?? 0 }))
      .sort((a, b) => b.value - a.value);
    const whiskers = spread ? ", whiskers one standard deviation" : "";
    const part =
      count > bars.length ? `; the first ${bars.length} of ${grouped(count)} features` : "";
    setText(this.#method, method + whiskers + part);
    this.#bars.draw(this.#all ? bars : bars.slice(0, SHOWN));
    this.#more.hidden = bars.length <= SHOWN;
    setText(this.#more, this.#all ? "show fewer" : `show ${part ? "" : "all "}${bars.length}`);
  }

  #toggle(): void {
    this.#all = !this.#all;
    if (this.#run) this.update(this.#run);
  }
}
