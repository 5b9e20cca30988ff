import type uPlot from "uplot";
import type { Palette } from "../theme";
import { lastX, meanText, type CurveView } from "./curve-view";
import { calmest, spread, type Box } from "./labels";
import { leaders, mean, type Line } from "./series";

/** What a canvas holds besides the lines. All lengths in CSS pixels, `zoom` in device pixels each. */
interface Pen {
  readonly plot: uPlot;
  readonly ctx: CanvasRenderingContext2D;
  readonly palette: Palette;
  readonly zoom: number;
}

export function penOf(plot: uPlot, palette: Palette): Pen {
  return { plot, ctx: plot.ctx, palette, zoom: devicePixelRatio };
}

export function lineColour(name: string, palette: Palette): string {
  if (name === "train") return palette.train;
  return ["validation", "test", "fold"].includes(name) ? palette.blue : palette.soft;
}

function labelColour(name: string, palette: Palette): string {
  return name === "train" ? palette.faint : lineColour(name, palette);
}

/** The part of the axis still to come. */
export function drawFuture({ plot, ctx, palette }: Pen, view: CurveView): void {
  const { left, top, width, height } = plot.bbox;
  const from = Math.max(left, plot.valToPos(lastX(view), "x", true));
  if (view.end === null || from >= left + width) return;
  ctx.save();
  ctx.fillStyle = palette.raised;
  ctx.fillRect(from, top, left + width - from, height);
  ctx.restore();
}

/** The mean of independent units, over their whole width. */
export function drawMean({ plot, ctx, palette, zoom }: Pen, line: Line): void {
  const y = Math.round(plot.valToPos(mean(line.y), "y", true));
  const { left, width } = plot.bbox;
  ctx.save();
  ctx.strokeStyle = palette.soft;
  ctx.lineWidth = zoom;
  ctx.setLineDash([4 * zoom, 3 * zoom]);
  stroke(ctx, [left, y], [left + width, y]);
  ctx.restore();
}

/** The kept unit: a ring on its line, a drop to the axis, its value where fewest lines pass. */
export function drawMark(pen: Pen, view: CurveView, names: readonly Box[]): void {
  const { plot, ctx, palette, zoom } = pen;
  if (!view.mark) return;
  const x = plot.valToPos(view.mark.x, "x", true);
  const y = plot.valToPos(view.mark.y, "y", true);
  const { left, top, width, height } = plot.bbox;
  if (x < left - 1 || x > left + width + 1) return;
  ctx.save();
  ctx.strokeStyle = palette.orange;
  ctx.lineWidth = zoom;
  ctx.setLineDash([2 * zoom, 2 * zoom]);
  stroke(ctx, [x, y + 5 * zoom], [x, top + height]);
  ctx.setLineDash([]);
  ctx.lineWidth = 2 * zoom;
  ctx.fillStyle = palette.ground;
  ctx.beginPath();
  ctx.arc(x, y, 3.5 * zoom, 0, 2 * Math.PI);
  ctx.fill();
  ctx.stroke();
  ctx.font = font(pen, 600);
  const box = markBox(pen, view, [x, y], names);
  halo(pen, view.mark.text, box.left, box.top + box.height / 2, palette.orange);
  ctx.restore();
}

function markBox(pen: Pen, view: CurveView, [x, y]: Point, names: readonly Box[]): Box {
  const { plot, ctx, zoom } = pen;
  const bounds = plot.bbox;
  const width = ctx.measureText(view.mark!.text).width;
  const height = 13 * zoom;
  const clampX = (left: number): number =>
    Math.min(Math.max(left, bounds.left + 2 * zoom), bounds.left + bounds.width - width - 2 * zoom);
  const boxes = [-9 - 13, 9, -24 - 13, 24].flatMap((dy) =>
    [-0.5, 0.06, -1.06].map((dx) => ({
      left: clampX(x + dx * width),
      top: y + dy * zoom,
      width,
      height,
    })),
  );
  const fits = boxes.filter(
    (box) => box.top >= bounds.top && box.top + height <= bounds.top + bounds.height,
  );
  const taken = [
    ...pixels(pen, view),
    ...names.flatMap(corners),
    ...drop([x, y], bounds.top + bounds.height),
  ];
  return calmest(fits.length > 0 ? fits : boxes, taken) ?? boxes[0]!;
}

/** Points of the mark's own line to the axis. */
function drop([x, y]: Point, bottom: number): Point[] {
  return Array.from({ length: 20 }, (_, i) => [x, y + ((i + 1) * (bottom - y)) / 20] as const);
}

function corners({ left, top, width, height }: Box): Point[] {
  return [0, 0.25, 0.5, 0.75, 1].flatMap((share) =>
    [0.1, 0.5, 0.9].map((down) => [left + share * width, top + down * height] as const),
  );
}

/** Points along every unit's line, close enough that none slips through a label. */
function* pixels({ plot, zoom }: Pen, view: CurveView): Iterable<Point> {
  for (const line of view.lines) {
    if (line.grain === "step") continue; // faint, and everywhere
    let before: Point | null = null;
    for (let i = 0; i < line.x.length; i++) {
      const at = [
        plot.valToPos(line.x[i]!, "x", true),
        plot.valToPos(line.y[i]!, "y", true),
      ] as const;
      const gap = before ? Math.hypot(at[0] - before[0], at[1] - before[1]) : 0;
      const parts = Number.isFinite(gap) ? Math.min(60, Math.ceil(gap / (4 * zoom))) : 0;
      for (let part = 1; before && part < parts; part++) {
        const share = part / parts;
        yield [before[0] + share * (at[0] - before[0]), before[1] + share * (at[1] - before[1])];
      }
      yield (before = at);
    }
  }
}

/** Names at the ends of the lines, in place of a legend; returns the room that they take. */
export function drawNames(pen: Pen, view: CurveView): Box[] {
  const { plot, ctx, palette, zoom } = pen;
  const ends = leaders(view.lines).flatMap((line) => {
    const y = endValue(view, line);
    return y === null ? [] : [{ line, y: plot.valToPos(y, "y", true) }];
  });
  const { left, top, width, height } = plot.bbox;
  const right = left + width;
  const x = view.scattered
    ? right
    : Math.min(right, Math.max(left, plot.valToPos(lastX(view), "x", true)));
  const wanted = ends.map((end) => Math.min(Math.max(end.y, top), top + height));
  const placed = spread(wanted, 13 * zoom, top + 6 * zoom, top + height - 6 * zoom);
  return ends.map(({ line }, i) => {
    ctx.save();
    ctx.font = font(pen, line.name === "train" ? 400 : 600);
    halo(pen, line.name, x + 7 * zoom, placed[i]!, labelColour(line.name, palette));
    const box = {
      left: x + 7 * zoom,
      top: placed[i]! - 6 * zoom,
      width: ctx.measureText(line.name).width,
      height: 12 * zoom,
    };
    ctx.restore();
    return box;
  });
}

function endValue(view: CurveView, line: Line): number | null {
  const y = view.scattered ? mean(line.y) : (line.y.findLast(Number.isFinite) ?? NaN);
  return Number.isFinite(y) ? y : null;
}

/** The unit of x, in the corner that the names leave free. */
export function drawUnit(pen: Pen, view: CurveView, top: number): void {
  const { plot, ctx, palette, zoom } = pen;
  const { left, width, height } = plot.bbox;
  ctx.save();
  ctx.font = font(pen, 400);
  ctx.fillStyle = palette.faint;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  ctx.fillText(view.unit, left + width + 12 * zoom, plot.bbox.top + height + top * zoom);
  if (view.scattered && view.lines[0]) meanLabel(pen, view.lines[0]);
  ctx.restore();
}

function meanLabel(pen: Pen, line: Line): void {
  const { plot, zoom, palette, ctx } = pen;
  const y = plot.valToPos(mean(line.y), "y", true);
  const room = y - plot.bbox.top > 20 * zoom;
  ctx.textBaseline = "middle";
  halo(pen, meanText(line), plot.bbox.left + 4 * zoom, y + (room ? -9 : 10) * zoom, palette.soft);
}

/** Room that the names need right of the plot. */
export function nameWidth(view: CurveView, palette: Palette): number {
  const ctx = document.createElement("canvas").getContext("2d");
  if (!ctx) return 64;
  ctx.font = `600 11px ${palette.font}`;
  const words = [...leaders(view.lines).map((line) => line.name), view.unit];
  return Math.ceil(Math.max(...words.map((word) => ctx.measureText(word).width))) + 16;
}

function font({ palette, zoom }: Pen, weight: number): string {
  return `${weight} ${11 * zoom}px ${palette.font}`;
}

function halo(
  { ctx, palette, zoom }: Pen,
  text: string,
  x: number,
  y: number,
  colour: string,
): void {
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  ctx.lineWidth = 3 * zoom;
  ctx.strokeStyle = palette.ground;
  ctx.globalAlpha = 0.75;
  ctx.strokeText(text, x, y);
  ctx.globalAlpha = 1;
  ctx.fillStyle = colour;
  ctx.fillText(text, x, y);
}

type Point = readonly [x: number, y: number];

function stroke(ctx: CanvasRenderingContext2D, from: Point, to: Point): void {
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
}
