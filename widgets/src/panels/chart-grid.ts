import type { Range } from "../charts/axis";
import { CurveChart } from "../charts/curve-chart";
import type { CurveView } from "../charts/curve-view";
import type { Weight } from "../charts/smoothing";
import { button, element, setText } from "../dom";

const SHOWN = 6; // more would push the next cell off the screen

/** Small multiples: one chart a metric, with one crosshair and one zoom for all that share an axis. */
export class ChartGrid {
  #signal: AbortSignal;
  #charts = new Map<string, CurveChart>();
  #grid = element("div", "mlm-charts");
  #more: HTMLButtonElement;
  #node: HTMLElement;
  #views: readonly CurveView[] = [];
  #weight: Weight = 0;
  #all = false;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#more = button("", () => this.#toggle(), "mlm-link mlm-more-charts");
    this.#node = element("div", "", this.#grid, this.#more);
  }

  node(): HTMLElement {
    return this.#node;
  }

  /** The charts that are there to see, in their order. */
  charts(): CurveChart[] {
    return [...this.#charts.values()];
  }

  retint(): void {
    for (const chart of this.#charts.values()) chart.retint();
  }

  draw(views: readonly CurveView[], weight: Weight): void {
    this.#views = views;
    this.#weight = weight;
    const shown = new Map(
      views.slice(0, this.#all ? undefined : SHOWN).map((view) => [keyOf(view), view]),
    );
    for (const [key, chart] of this.#charts) {
      if (shown.has(key)) continue;
      chart.destroy();
      this.#charts.delete(key);
    }
    this.#grid.dataset["count"] = shown.size > 4 ? "many" : String(shown.size);
    for (const [key, view] of shown) this.#chart(key, view).draw(view, weight);
    this.#more.hidden = views.length <= SHOWN;
    setText(this.#more, this.#all ? "show fewer" : `show all ${views.length}`);
  }

  #toggle(): void {
    this.#all = !this.#all;
    this.draw(this.#views, this.#weight);
  }

  #chart(key: string, view: CurveView): CurveChart {
    const known = this.#charts.get(key);
    if (known) return known;
    const siblings = (): CurveChart[] =>
      this.charts().filter((chart) => chart.view.unit === view.unit);
    const events = {
      hover: (x: number | null) => siblings().forEach((chart) => chart.hover(x)),
      zoom: (window: Range | null) => siblings().forEach((chart) => chart.zoom(window)),
    };
    const chart = new CurveChart(view, events, this.#signal);
    this.#charts.set(key, chart);
    this.#grid.append(chart.node());
    return chart;
  }
}

function keyOf({ unit, metric }: CurveView): string {
  return `${unit}/${metric}`;
}
