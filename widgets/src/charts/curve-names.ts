import type { Palette } from "../theme";
import { unitLabels } from "./axis";
import { lastX, meanText, type CurveView } from "./curve-view";
import { spread, type Box } from "./labels";
import { font, halo, lineColour, type Pen } from "./pen";
import { leaders, mean, type Line } from "./series";

/** Names at the ends of the lines, in place of a legend; returns the room that they take. */
export function drawNames(pen: Pen, view: CurveView): Box[] {
  const { plot, ctx, palette, zoom } = pen;
  const ends = leaders(view.lines).flatMap((line) => {
    const y = endValue(line, plot.scales["x"]?.max ?? Infinity);
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

/** The last value in sight. */
function endValue(line: Line, end: number): number | null {
  return line.y.findLast((y, i) => line.x[i]! <= end && Number.isFinite(y)) ?? null;
}

function labelColour(name: string, palette: Palette): string {
  return name === "train" ? palette.faint : lineColour(name, palette);
}

/** What the mean is, right of its line. */
export function drawMeanText(pen: Pen, line: Line): void {
  const { plot, ctx, palette, zoom } = pen;
  const { left, top, width, height } = plot.bbox;
  const words = meanText(line);
  const y = plot.valToPos(mean(line.y), "y", true);
  const placed = spread(
    words.map((_, i) => y + 13 * i * zoom),
    13 * zoom,
    top + 6 * zoom,
    top + height - 6 * zoom,
  );
  ctx.save();
  words.forEach((text, i) => {
    ctx.font = font(pen, i === 0 ? 600 : 400);
    halo(pen, text, left + width + 7 * zoom, placed[i]!, i === 0 ? palette.blue : palette.faint);
  });
  ctx.restore();
}

/** The unit of x, in the corner that the names leave free, clear of the last tick. */
export function drawUnit(pen: Pen, view: CurveView): void {
  const { plot, ctx, palette, zoom } = pen;
  const { left, width, height } = plot.bbox;
  ctx.save();
  ctx.font = font(pen, 400);
  const tick = ctx.measureText(unitLabels([Math.round(plot.scales["x"]?.max ?? 0)])[0]!).width / 2;
  ctx.fillStyle = palette.faint;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  ctx.fillText(view.unit, left + width + tick + 6 * zoom, plot.bbox.top + height + 6 * zoom);
  ctx.restore();
}

/** Room that the names need right of the plot. */
export function nameWidth(view: CurveView, palette: Palette): number {
  const ctx = document.createElement("canvas").getContext("2d");
  if (!ctx) return 64;
  ctx.font = `600 11px ${palette.font}`;
  const lines = leaders(view.lines);
  const names = view.averaged ? lines.flatMap(meanText) : lines.map((line) => line.name);
  const words = [...names, `00${view.unit}`];
  return Math.ceil(Math.max(...words.map((word) => ctx.measureText(word).width))) + 16;
}
