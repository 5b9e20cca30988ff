import { CurveChart } from "../charts/curve-chart";
import type { Range } from "../charts/axis";
import type { CurveView } from "../charts/curve-view";
import { element, keepKeys, setText } from "../dom";
import type { RunState } from "../protocol";
import type { Part, Run } from "../store";
import { CurveTable } from "./curve-table";
import { curveViews } from "./curve-views";
import { waitingText } from "./header";
import type { TabPanel } from "./panel";

/** Small multiples: one chart a metric, with one crosshair and one zoom for all that share an axis. */
export class CurvesPanel implements TabPanel {
  readonly title = "Curves";
  readonly parts: readonly Part[] = [
    "curves",
    "axis",
    "best",
    "status",
    "waiting",
    "progress",
    "phase",
  ];
  #signal: AbortSignal;
  #charts = new Map<string, CurveChart>();
  #grid = element("div", "mlm-charts");
  #table = new CurveTable();
  #scroll = element("div", "mlm-scroll", this.#table.node());
  #empty = element("p", "mlm-empty");
  #node = element("div", "mlm-curves", this.#grid, this.#scroll, this.#empty);
  #views: CurveView[] = [];
  #asTable = false;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#scroll.hidden = true;
    this.#scroll.tabIndex = 0;
    keepKeys(this.#scroll);
  }

  node(): HTMLElement {
    return this.#node;
  }

  /** A run that is over and drew nothing has nothing to show here. */
  has({ state, curves }: Run): boolean {
    const alive = state.status === "running" || state.status === "queued";
    return alive || curves.some((curve) => curve.x.length > 0);
  }

  get asTable(): boolean {
    return this.#asTable;
  }

  showTable(on: boolean): void {
    this.#asTable = on;
    this.#draw();
  }

  retint(): void {
    for (const chart of this.#charts.values()) chart.retint();
  }

  update(run: Run): void {
    this.#views = curveViews(run.curves, run.state);
    setText(this.#empty, emptyText(run.state));
    this.#draw();
  }

  #draw(): void {
    const some = this.#views.length > 0;
    this.#empty.hidden = some;
    this.#grid.hidden = !some || this.#asTable;
    this.#scroll.hidden = !some || !this.#asTable;
    if (this.#asTable) this.#table.draw(this.#views);
    else this.#drawCharts();
  }

  #drawCharts(): void {
    const keys = this.#views.map((view) => `${view.unit}/${view.metric}`);
    for (const [key, chart] of this.#charts) {
      if (keys.includes(key)) continue;
      chart.destroy();
      this.#charts.delete(key);
    }
    this.#grid.dataset["count"] = String(Math.min(4, keys.length));
    this.#views.forEach((view, i) => this.#chart(keys[i]!, view).draw(view));
  }

  #chart(key: string, view: CurveView): CurveChart {
    const known = this.#charts.get(key);
    if (known) return known;
    const siblings = (): CurveChart[] =>
      [...this.#charts.values()].filter((chart) => chart.view.unit === view.unit);
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

/** Why there is nothing to see yet. */
export function emptyText({ status, waiting, phase }: RunState): string {
  if (status === "queued") return waiting ? waitingText(waiting) : "queued";
  return status === "running" ? `${phase || "starting"}: curves appear with the first numbers` : "";
}
