import type uPlot from "uplot";
import type { Palette } from "../theme";
import { unitLabels, unitTicks, type Scale } from "./axis";
import { drawFuture, drawMark, drawMean } from "./curve-marks";
import { drawMeanText, drawNames, drawUnit, nameWidth } from "./curve-names";
import { xRange, yLabels, yRange, yTicks, type Window } from "./curve-range";
import type { CurveView } from "./curve-view";
import { lineColour, penOf } from "./pen";
import type { Line } from "./series";

export const CHART_HEIGHT = 190;
/** More steps than this would hide the lines above them. */
export const CROWDED = 500;
const X_AXIS = 24; // room under the plot for the ticks of x

/** What uPlot asks for whenever it draws; the rest is fixed for the life of a plot. */
export interface Live {
  view(): CurveView;
  window(): Window;
  readonly scale: Scale;
  readonly palette: Palette;
  /** How much larger than on screen everything is: uPlot knows no resolution but the screen's. */
  readonly magnify: number;
}

export interface PlotEvents {
  drawn(): void;
  point(plot: uPlot): void;
  select(plot: uPlot): void;
  reset(): void;
}

export function curveOptions(live: Live, width: number, events: PlotEvents): uPlot.Options {
  const { palette, scale, magnify } = live;
  return {
    width: magnify * width,
    height: magnify * CHART_HEIGHT,
    padding: [8 * magnify, nameWidth(live.view(), palette) * magnify, 0, 0],
    legend: { show: false },
    cursor: cursor(events),
    scales: {
      x: { time: false, range: () => [...xRange(live.view(), live.window())] },
      y: {
        distr: scale === "log" ? 3 : 1,
        range: () => [...yRange(live.view(), live.window(), scale)],
      },
    },
    axes: [xAxis(live), yAxis(live)],
    series: [{}, ...live.view().lines.map((line) => series(line, live))],
    hooks: {
      drawAxes: [(plot) => underlay(plot, live)],
      draw: [(plot) => annotate(plot, live), () => events.drawn()],
      setCursor: [(plot) => events.point(plot)],
      setSelect: [(plot) => events.select(plot)],
    },
  };
}

/** Of uPlot's cursor only the drag is used: the crosshair snaps to units and spans all charts. */
function cursor(events: PlotEvents): uPlot.Cursor {
  const reset = (): null => {
    events.reset();
    return null;
  };
  return {
    x: false,
    y: false,
    points: { show: false },
    drag: { x: true, y: false, setScale: false, dist: 6 },
    bind: { dblclick: () => reset },
  };
}

function xAxis(live: Live): uPlot.Axis {
  const { view, window, palette, magnify } = live;
  return {
    size: X_AXIS * magnify,
    gap: 6 * magnify,
    stroke: palette.faint,
    font: tickFont(live),
    grid: { show: false },
    ticks: { show: false },
    splits: (plot) => unitTicks(xRange(view(), window()), Math.max(2, plot.width / (70 * magnify))),
    values: (_, ticks) => unitLabels(ticks),
  };
}

function yAxis(live: Live): uPlot.Axis {
  const { view, window, scale, palette, magnify } = live;
  return {
    // Wide steps, so that the plot does not shift whenever a label gains a digit.
    size: (_, labels) => 6 * magnify * Math.ceil((longest(labels ?? []) * 6.3 + 12) / 6),
    gap: 6 * magnify,
    stroke: palette.faint,
    font: tickFont(live),
    grid: { stroke: palette.line, width: magnify },
    ticks: { show: false },
    splits: () => yTicks(yRange(view(), window(), scale), scale),
    values: (_, ticks) => yLabels(ticks, scale),
  };
}

/** In whole pixels: uPlot reads no others. */
function tickFont({ palette, magnify }: Live): string {
  return `${Math.round(11 * magnify)}px ${palette.font}`;
}

function longest(labels: readonly string[]): number {
  return Math.max(0, ...labels.map((label) => label.length));
}

function series(line: Line, { view, palette, magnify }: Live): uPlot.Series {
  const { lines, scattered } = view();
  const stroke = lineColour(line.name, palette);
  const { alpha, width } = lookOf(
    line,
    lines.some(({ faded }) => faded),
  );
  return {
    label: line.name,
    stroke,
    alpha,
    width: width * magnify,
    ...(line.name === "test" && !line.faded ? { dash: [5 * magnify, 4 * magnify] } : {}),
    ...(scattered ? { paths: () => null } : {}),
    // A line of one point would be invisible.
    points: {
      show: (_, i) => scattered || view().lines[i - 1]?.x.length === 1,
      size: 7 * magnify,
      fill: stroke,
    },
  };
}

/** Steps lie faintly under units, and raw lines under smooth ones. */
function lookOf(
  { name, grain, x, faded }: Line,
  smooth: boolean,
): { alpha: number; width: number } {
  if (!faded && (smooth || grain === "unit"))
    return { alpha: 1, width: name === "train" ? 1.5 : 2 };
  if (grain === "unit") return { alpha: 0.35, width: 1 };
  return { alpha: x.length > CROWDED ? 0.3 : 0.45, width: 1 };
}

function underlay(plot: uPlot, { view, palette, magnify }: Live): void {
  const pen = penOf(plot, palette, magnify);
  const { averaged, lines } = view();
  drawFuture(pen, view());
  if (averaged && lines[0]) drawMean(pen, lines[0]);
}

function annotate(plot: uPlot, { view, palette, magnify }: Live): void {
  const pen = penOf(plot, palette, magnify);
  const averaged = view().averaged ? view().lines[0] : undefined;
  if (averaged) drawMeanText(pen, averaged);
  drawMark(pen, view(), averaged ? [] : drawNames(pen, view()));
  drawUnit(pen, view());
}
