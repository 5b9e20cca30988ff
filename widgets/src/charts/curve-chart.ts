import uPlot from "uplot";
import { button, element, keepKeys, setAttributes, setText } from "../dom";
import { readPalette, type Palette } from "../theme";
import * as axis from "./axis";
import {
  drawFuture,
  drawMark,
  drawMean,
  drawNames,
  drawUnit,
  lineColour,
  nameWidth,
  penOf,
} from "./curve-marks";
import { lastX, readingAt, summary, type CurveView } from "./curve-view";
import { Readout } from "./readout";
import { align, nearest, valueRange, type Line } from "./series";

const HEIGHT = 190;
const AXIS = 24; // room under the plot for the ticks of x

/** What a chart tells the others beside it. */
export interface ChartEvents {
  hover(x: number | null): void;
  zoom(window: axis.Range | null): void;
}

/** The curves of one metric. Knows no run: it draws the view that it is given. */
export class CurveChart {
  #view: CurveView;
  #events: ChartEvents;
  #plot: uPlot | null = null;
  #shape = "";
  #scale: axis.Scale = "linear";
  #window: axis.Range | null = null;
  #hovered: number | null = null;
  #palette: Palette | null = null;
  #readout = new Readout();
  #title = element("b");
  #scaleButton: HTMLButtonElement;
  #resetButton: HTMLButtonElement;
  #canvas = element("div", "mlm-plot");
  #figure: HTMLElement;
  #resize: ResizeObserver;

  constructor(view: CurveView, events: ChartEvents, signal: AbortSignal) {
    this.#view = view;
    this.#events = events;
    this.#scaleButton = button("log scale", () => this.#toggleScale(), "mlm-link");
    this.#scaleButton.setAttribute("aria-pressed", "false");
    this.#resetButton = button("reset zoom", () => events.zoom(null), "mlm-link");
    this.#resetButton.hidden = true;
    const tools = element("span", "mlm-tools", this.#resetButton, this.#scaleButton);
    this.#figure = element(
      "figure",
      "mlm-chart",
      element("figcaption", "", this.#title, tools),
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
  draw(view: CurveView): void {
    if (this.#plot && same(view, this.#view)) return;
    this.#view = view;
    setText(this.#title, view.metric);
    setAttributes(this.#canvas, { role: "img", "aria-label": summary(view) });
    this.#draw();
  }

  /** Reads the colours anew. */
  retint(): void {
    this.#palette = null;
    this.#rebuild();
  }

  hover(x: number | null): void {
    this.#hovered = x;
    const reading = x === null ? null : readingAt(this.#view, x);
    const plot = this.#plot;
    if (!plot || !reading) return this.#readout.hide();
    const left = plot.valToPos(reading.x, "x");
    const width = plot.over.clientWidth;
    if (left < -1 || left > width + 1) return this.#readout.hide();
    this.#readout.show(this.#view, reading, left, width);
  }

  zoom(window: axis.Range | null): void {
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
    const lines = this.#view.lines;
    const shape = JSON.stringify([this.#scale, lines.map(({ name, grain }) => [name, grain])]);
    const data = align(lines, this.#scale) as uPlot.AlignedData;
    const offer =
      this.#scale === "log" || lines.every((line) => line.y.every((value) => !(value <= 0)));
    this.#scaleButton.hidden = !offer || this.#view.scattered;
    if (shape !== this.#shape || !this.#plot) this.#create(shape, data);
    else this.#plot.setData(data, true);
    this.hover(this.#hovered);
  }

  #create(shape: string, data: uPlot.AlignedData): void {
    this.#plot?.destroy();
    this.#shape = shape;
    this.#plot = new uPlot(this.#options(this.#palette!), data, this.#canvas);
    this.#plot.over.append(...this.#readout.nodes());
  }

  #fit(): void {
    const width = this.#canvas.clientWidth;
    if (width === 0) return;
    if (!this.#plot) this.#draw();
    else if (this.#plot.width !== width) this.#plot.setSize({ width, height: HEIGHT });
  }

  #options(palette: Palette): uPlot.Options {
    return {
      width: this.#canvas.clientWidth,
      height: HEIGHT,
      padding: [8, nameWidth(this.#view, palette), 0, 0],
      legend: { show: false },
      cursor: this.#cursor(),
      scales: {
        x: { time: false, range: () => [...this.#xRange()] },
        y: { distr: this.#scale === "log" ? 3 : 1, range: () => [...this.#yRange()] },
      },
      axes: [this.#xAxis(palette), this.#yAxis(palette)],
      series: [{}, ...this.#view.lines.map((line) => this.#series(line, palette))],
      hooks: {
        drawAxes: [(plot) => drawFuture(penOf(plot, palette), this.#view)],
        draw: [(plot) => this.#annotate(plot, palette)],
        setCursor: [(plot) => this.#point(plot)],
        setSelect: [(plot) => this.#select(plot)],
      },
    };
  }

  #cursor(): uPlot.Cursor {
    return {
      x: false,
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: 6 },
      bind: {
        dblclick: () => () => {
          this.#events.zoom(null);
          return null;
        },
      },
    };
  }

  #xAxis(palette: Palette): uPlot.Axis {
    return {
      size: AXIS,
      gap: 6,
      stroke: palette.faint,
      font: `11px ${palette.font}`,
      grid: { show: false },
      ticks: { show: false },
      splits: (plot) => axis.unitTicks(this.#xRange(), Math.max(2, plot.width / 70)),
      values: (_, ticks) => axis.tickLabels(ticks),
    };
  }

  #yAxis(palette: Palette): uPlot.Axis {
    return {
      // Wide steps, so that the plot does not shift whenever a label gains a digit.
      size: (_, values) =>
        6 * Math.ceil((Math.max(...(values ?? [""]).map((v) => v.length)) * 6.3 + 12) / 6),
      gap: 6,
      stroke: palette.faint,
      font: `11px ${palette.font}`,
      grid: { stroke: palette.line, width: 1 },
      ticks: { show: false },
      splits: () => this.#yTicks(),
      values: (_, ticks) =>
        this.#scale === "log" ? ticks.map(axis.logTickLabel) : axis.tickLabels(ticks),
    };
  }

  #series(line: Line, palette: Palette): uPlot.Series {
    const { scattered } = this.#view;
    const stroke = lineColour(line.name, palette);
    const step = line.grain === "step";
    return {
      label: line.name,
      stroke,
      alpha: step ? 0.45 : 1,
      width: step ? 1 : line.name === "train" ? 1.5 : 2,
      ...(line.name === "test" ? { dash: [5, 4] } : {}),
      ...(scattered ? { paths: () => null } : {}),
      // A line of one point would be invisible.
      points: {
        show: (_, i) => scattered || this.#view.lines[i - 1]?.x.length === 1,
        size: 7,
        fill: stroke,
      },
    };
  }

  #annotate(plot: uPlot, palette: Palette): void {
    const pen = penOf(plot, palette);
    if (this.#view.scattered && this.#view.lines[0]) drawMean(pen, this.#view.lines[0]);
    drawMark(pen, this.#view, drawNames(pen, this.#view));
    drawUnit(pen, this.#view, 6);
  }

  #xRange(): axis.Range {
    if (this.#window) return this.#window;
    const last = lastX(this.#view);
    if (this.#view.scattered) return [0.5, Math.max(this.#view.end ?? 0, last) + 0.5];
    if (this.#view.end !== null) return [0, Math.max(this.#view.end, last)];
    return [0, axis.niceRange([0, last], 6)[1]];
  }

  #yRange(): axis.Range {
    const values = valueRange(this.#view.lines, this.#xRange(), this.#scale) ?? [1, 1];
    return this.#scale === "log" ? axis.niceLogRange(values) : axis.niceRange(values, 5);
  }

  #yTicks(): number[] {
    const range = this.#yRange();
    return this.#scale === "log" ? axis.logTicks(range) : axis.linearTicks(range, 5);
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
