import { lastX, type CurveView } from "./curve-view";
import { calmest, type Box } from "./labels";
import { font, halo, stroke, type Pen, type Point } from "./pen";
import { deviation, mean, type Line } from "./series";

/** The part of the axis still to come. */
export function drawFuture({ plot, ctx, palette }: Pen, view: CurveView): void {
  const { left, top, width, height } = plot.bbox;
  const last = lastX(view) + (view.scattered ? 0.5 : 0);
  const from = Math.max(left, plot.valToPos(last, "x", true));
  if (view.end === null || from >= left + width) return;
  ctx.save();
  ctx.fillStyle = palette.raised;
  ctx.fillRect(from, top, left + width - from, height);
  ctx.restore();
}

/** The mean of independent units over their whole width, in a band of one standard deviation. */
export function drawMean(pen: Pen, line: Line): void {
  const { plot, ctx, palette, zoom } = pen;
  const { left, width } = plot.bbox;
  const [middle, spread] = [mean(line.y), deviation(line.y)];
  const [low, y, high] = [middle - spread, middle, middle + spread].map((value) =>
    plot.valToPos(value, "y", true),
  );
  ctx.save();
  ctx.fillStyle = palette.blue;
  ctx.globalAlpha = 0.08;
  ctx.fillRect(left, high!, width, low! - high!);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = palette.blue;
  ctx.lineWidth = zoom;
  ctx.setLineDash([4 * zoom, 3 * zoom]);
  stroke(ctx, [left, y!], [left + width, y!]);
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
