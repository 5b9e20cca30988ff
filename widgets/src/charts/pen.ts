import uPlot from "uplot";
import type { Palette } from "../theme";

/** What draws on a plot beside uPlot: `zoom` is how many of the canvas's pixels a CSS pixel has. */
export interface Pen {
  readonly plot: uPlot;
  readonly ctx: CanvasRenderingContext2D;
  readonly palette: Palette;
  readonly zoom: number;
}

export type Point = readonly [x: number, y: number];

export function penOf(plot: uPlot, palette: Palette, magnify: number): Pen {
  return { plot, ctx: plot.ctx, palette, zoom: magnify * uPlot.pxRatio };
}

export function lineColour(name: string, palette: Palette): string {
  if (name === "train") return palette.train;
  return ["validation", "test", "fold"].includes(name) ? palette.blue : palette.soft;
}

export function font({ palette, zoom }: Pen, weight: number): string {
  return `${weight} ${11 * zoom}px ${palette.font}`;
}

/** Words that stay legible on top of a line. */
export function halo(
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

export function stroke(ctx: CanvasRenderingContext2D, from: Point, to: Point): void {
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
}
