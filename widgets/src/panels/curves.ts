import type { CurveView } from "../charts/curve-view";
import { picture } from "../charts/picture";
import type { Weight } from "../charts/smoothing";
import { download } from "../download";
import { element, keepKeys, setText } from "../dom";
import type { RunState } from "../protocol";
import type { Part, Run } from "../store";
import { readPalette } from "../theme";
import { ChartGrid } from "./chart-grid";
import { csvTable, csvText } from "./curve-csv";
import { CurveTable } from "./curve-table";
import { CurveTools } from "./curve-tools";
import { curveViews } from "./curve-views";
import { originText } from "./footer";
import { unitText, waitingText, whatText } from "./header";
import type { TabPanel } from "./panel";

/** How the metrics go: charts or a table of them, and files to take away. */
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
  #grid: ChartGrid;
  #table = new CurveTable();
  #scroll = element("div", "mlm-scroll", this.#table.node());
  #empty = element("p", "mlm-empty");
  #node: HTMLElement;
  #tools = new CurveTools({
    smooth: (weight) => this.#smooth(weight),
    toggleTable: () => this.#toggleTable(),
    saveCsv: () => this.#saveCsv(),
    savePng: () => void this.#savePng(),
  });
  #views: CurveView[] = [];
  #run: Run | null = null;
  #asTable = false;
  #weight: Weight = 0;

  constructor(signal: AbortSignal) {
    this.#grid = new ChartGrid(signal);
    this.#node = element("div", "mlm-curves", this.#grid.node(), this.#scroll, this.#empty);
    this.#scroll.hidden = true;
    this.#scroll.tabIndex = 0;
    keepKeys(this.#scroll);
  }

  node(): HTMLElement {
    return this.#node;
  }

  /** A run that is over and drew nothing has nothing to show here, nor has one that goes through rows. */
  has({ state, curves }: Run): boolean {
    const alive = state.status === "running" || state.status === "queued";
    const trains = state.action !== "predict" && state.action !== "evaluate";
    return (alive && trains) || curves.some((curve) => curve.x.length > 0);
  }

  get tools(): HTMLElement {
    return this.#tools.node();
  }

  retint(): void {
    this.#grid.retint();
  }

  update(run: Run): void {
    this.#run = run;
    this.#views = curveViews(run.curves, run.state);
    setText(this.#empty, emptyText(run.state));
    this.#draw();
  }

  #draw(): void {
    const some = this.#views.length > 0;
    this.#empty.hidden = some;
    this.#grid.node().hidden = !some || this.#asTable;
    this.#scroll.hidden = !some || !this.#asTable;
    if (this.#asTable) this.#table.draw(this.#views);
    else this.#grid.draw(this.#views, this.#weight);
    const smoothable = this.#views.some((view) => !view.scattered);
    this.#tools.update({ some, smoothable, asTable: this.#asTable });
  }

  #toggleTable(): void {
    this.#asTable = !this.#asTable;
    this.#draw();
  }

  #smooth(weight: Weight): void {
    this.#weight = weight;
    this.#draw();
  }

  #saveCsv(): void {
    if (!this.#run) return;
    const text = csvText(csvTable(this.#run.curves, this.#run.state));
    download(`${this.#run.state.id}-curves.csv`, new Blob([text], { type: "text/csv" }));
  }

  async #savePng(): Promise<void> {
    if (!this.#run) return;
    const { state } = this.#run;
    const smooth = this.#weight > 0 ? `smoothed ${this.#weight.toFixed(2)}, raw values behind` : "";
    const words = {
      title: state.name,
      subtitle: [whatText(state), unitText(state)].filter(Boolean).join(" · "),
      foot: [state.outputDir, originText(state), smooth].filter(Boolean).join(" · "),
    };
    const file = await picture(this.#grid.charts(), words, readPalette(this.#node));
    download(`${state.id}-curves.png`, file);
  }
}

/** Why there is nothing to see yet. */
export function emptyText({ status, waiting, phase }: RunState): string {
  if (status === "queued") return waiting ? waitingText(waiting) : "queued";
  return status === "running" ? phase || "starting" : "";
}
