import uPlot from "uplot";
import { button, element, keepKeys, setAttributes, setText } from "../dom";
import { readPalette, type Palette } from "../theme";
import type { Range, Scale } from "./axis";
import { CHART_HEIGHT, CROWDED, curveOptions, type Live, type PlotEvents } from "./curve-options";
import { readingAt, summary, type CurveView } from "./curve-view";
import { Readout } from "./readout";
import { offersLog } from "./curve-range";
import { align, nearest } from "./series";
import { smoothed, type Weight } from "./smoothing";

/** What a chart tells the others beside it. */
export interface ChartEvents {
  hover(x: number | null): void;
  zoom(window: Range | null): void;
}

export interface ChartLayout {
  readonly title: string;
  readonly notes: string;
  readonly box: DOMRect;
  readonly plot: DOMRect;
}

const UNHEARD: PlotEvents = { drawn() {}, point() {}, select() {}, reset() {} };

/** The curves of one metric. Knows no run: it draws the view that it is given. */
export class CurveChart {
  #view: CurveView;
  /** The view with what smoothing adds. */
  #shown: CurveView;
  #weight: Weight = 0;
  #events: ChartEvents;
  #plot: uPlot | null = null;
  #shape = "";
  #scale: Scale = "linear";
  #window: Range | null = null;
  #hovered: number | null = null;
  #palette: Palette | null = null;
  #readout = new Readout();
  #title = element("b");
  #by = element("span", "mlm-by");
  #scaleButton: HTMLButtonElement;
  #resetButton: HTMLButtonElement;
  #canvas = element("div", "mlm-plot");
  #figure: HTMLElement;
  #resize: ResizeObserver;

  constructor(view: CurveView, events: ChartEvents, signal: AbortSignal) {
    this.#view = this.#shown = view;
    this.#events = events;
    this.#scaleButton = button("log scale", () => this.#toggleScale(), "mlm-link");
    this.#scaleButton.setAttribute("aria-pressed", "false");
    this.#resetButton = button("reset zoom", () => events.zoom(null), "mlm-link");
    this.#resetButton.hidden = true;
    const tools = element("span", "mlm-tools", this.#resetButton, this.#scaleButton);
    this.#figure = element(
      "figure",
      "mlm-chart",
      element("figcaption", "", this.#title, this.#by, tools),
      this.#canvas,
    );
    this.#canvas.tabIndex = 0;
    keepKeys(this.#canvas);
    this.#canvas.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    this.#canvas.addEventListener("blur", () => events.hover(null), { signal });
    this.#resize = new ResizeObserver(() => this.#fit());
    this.#resize.observe(this.#canvas);
    signal.addEventListener("abort", () => this.destroy());
  }

  node(): HTMLElement {
    return this.#figure;
  }

  get view(): CurveView {
    return this.#view;
  }

  destroy(): void {
    this.#resize.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
    this.#figure.remove();
  }

  /** Draws a view, if it differs from the one on screen. */
  draw(view: CurveView, weight: Weight): void {
    if (this.#plot && weight === this.#weight && same(view, this.#view)) return;
    this.#view = view;
    this.#weight = weight;
    this.#shown = smoothed(view, weight);
    setText(this.#title, view.metric);
    setText(this.#by, view.scattered ? `by ${view.unit}` : "");
    setAttributes(this.#canvas, { role: "img", "aria-label": summary(view) });
    this.#draw();
  }

  /** Reads the colours anew. */
  retint(): void {
    this.#palette = null;
    this.#rebuild();
    // JupyterLab hides everything for a moment while it changes the theme, too short for the resize observer.
    if (this.#shape === "") requestAnimationFrame(() => this.#draw());
  }

  hover(x: number | null): void {
    this.#hovered = x;
    const reading = x === null ? null : readingAt(this.#shown, x);
    const plot = this.#plot;
    if (!plot || !reading) return this.#readout.hide();
    const left = plot.valToPos(reading.x, "x");
    const width = plot.over.clientWidth;
    if (left < -1 || left > width + 1) return this.#readout.hide();
    const heights = reading.rows.map(
      ({ value }) => plot.valToPos(value, "y") / plot.over.clientHeight,
    );
    const high = heights.reduce((sum, height) => sum + height, 0) < heights.length / 2;
    this.#readout.show(this.#shown, reading, { left, width, below: high });
  }

  zoom(window: Range | null): void {
    this.#window = window;
    this.#resetButton.hidden = window === null;
    this.#draw();
  }

  #toggleScale(): void {
    this.#scale = this.#scale === "linear" ? "log" : "linear";
    this.#scaleButton.setAttribute("aria-pressed", String(this.#scale === "log"));
    this.#rebuild();
  }

  #rebuild(): void {
    this.#shape = "";
    this.#draw();
  }

  #draw(): void {
    if (this.#canvas.clientWidth === 0) return; // not laid out yet: the resize observer calls again
    this.#palette ??= readPalette(this.#figure);
    const lines = this.#shown.lines;
    const looks = lines.map(({ name, grain, x, faded }) => [
      name,
      grain,
      x.length > CROWDED,
      faded,
    ]);
    const shape = JSON.stringify([this.#scale, looks]);
    const data = align(lines, this.#scale) as uPlot.AlignedData;
    this.#scaleButton.hidden = this.#scale === "linear" && !offersLog(this.#view);
    if (shape !== this.#shape || !this.#plot) this.#create(shape, data);
    else this.#plot.setData(data, true);
  }

  #create(shape: string, data: uPlot.AlignedData): void {
    this.#plot?.destroy();
    this.#shape = shape;
    const options = curveOptions(this.#live(1), this.#canvas.clientWidth, {
      drawn: () => this.hover(this.#hovered), // the scales may have moved under it
      point: (plot) => this.#point(plot),
      select: (plot) => this.#select(plot),
      reset: () => this.#events.zoom(null),
    });
    this.#plot = new uPlot(options, data, this.#canvas);
    this.#plot.over.append(...this.#readout.nodes());
  }

  /** The plot as it is on screen, drawn with `zoom` pixels to one of the page's. */
  async paint(zoom: number): Promise<HTMLCanvasElement> {
    this.#palette ??= readPalette(this.#figure);
    const options = curveOptions(
      this.#live(zoom / uPlot.pxRatio),
      this.#canvas.clientWidth,
      UNHEARD,
    );
    const data = align(this.#shown.lines, this.#scale) as uPlot.AlignedData;
    const plot = new uPlot(options, data, element("div"));
    await Promise.resolve(); // uPlot draws in a microtask of its own, queued before this one
    plot.destroy();
    return plot.ctx.canvas;
  }

  /** Where the chart and its plot are on the page, and what stands above the plot. */
  layout(): ChartLayout {
    const { metric, scattered, unit } = this.#view;
    const scale = this.#scale === "log" ? ["log scale"] : [];
    return {
      title: metric,
      notes: [...(scattered ? [`by ${unit}`] : []), ...scale].join(", "),
      box: this.#figure.getBoundingClientRect(),
      plot: this.#canvas.getBoundingClientRect(),
    };
  }

  #live(magnify: number): Live {
    return {
      view: () => this.#shown,
      window: () => this.#window,
      scale: this.#scale,
      palette: this.#palette!,
      magnify,
    };
  }

  #fit(): void {
    const width = this.#canvas.clientWidth;
    if (width === 0) return;
    if (!this.#plot || this.#shape === "") this.#draw();
    else if (this.#plot.width !== width) this.#plot.setSize({ width, height: CHART_HEIGHT });
  }

  #point(plot: uPlot): void {
    const left = plot.cursor.left ?? -1;
    // uPlot also reports a cursor when it redraws; only a pointer over the plot moves the others.
    if (left < 0) {
      if (this.#hovered !== null && !this.#canvas.matches(":focus-visible"))
        this.#events.hover(null);
      return;
    }
    this.#events.hover(plot.posToVal(left, "x"));
  }

  #select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 6) return;
    this.#events.zoom([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  #onKey(event: KeyboardEvent): void {
    const move = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Escape") this.#events.zoom(null);
    else if (move !== undefined) this.#walk(move);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Moves the crosshair along the points of the first line that counts in units. */
  #walk(by: number): void {
    const guide = this.#view.lines.find((line) => line.grain === "unit") ?? this.#view.lines[0];
    if (!guide || guide.x.length === 0) return;
    const from =
      this.#hovered === null ? guide.x.length - (by < 0 ? 0 : 1) : nearest(guide.x, this.#hovered);
    const to = Math.min(guide.x.length - 1, Math.max(0, from + by));
    this.#events.hover(guide.x[to]!);
  }
}

/** Lines are made anew when they change, so identity tells. */
function same(a: CurveView, b: CurveView): boolean {
  const { lines, mark, ...rest } = a;
  return (
    lines.length === b.lines.length &&
    lines.every((line, i) => line.x === b.lines[i]!.x && line.y === b.lines[i]!.y) &&
    JSON.stringify([mark, rest.end, rest.unit, rest.scattered]) ===
      JSON.stringify([b.mark, b.end, b.unit, b.scattered])
  );
}
