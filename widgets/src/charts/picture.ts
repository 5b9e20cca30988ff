import type { Palette } from "../theme";
import type { CurveChart } from "./curve-chart";

/** Pixels to one of the page's, whatever the screen has. */
const ZOOM = 2;
const MARGIN = 16;
const HEAD = 30;
const FOOT = 24;

/** What a picture says around its charts, so that it can be read where the page is not. */
export interface Words {
  readonly title: string;
  readonly subtitle: string;
  readonly foot: string;
}

/** A PNG of charts as they lie on the page, on the theme's ground. */
export async function picture(
  charts: readonly CurveChart[],
  words: Words,
  palette: Palette,
): Promise<Blob> {
  const layouts = charts.map((chart) => chart.layout());
  const left = Math.min(...layouts.map(({ box }) => box.left));
  const top = Math.min(...layouts.map(({ box }) => box.top));
  const width = Math.max(...layouts.map(({ box }) => box.right)) - left;
  const height = Math.max(...layouts.map(({ box }) => box.bottom)) - top;
  const ctx = sheet(width + 2 * MARGIN, height + 2 * MARGIN + HEAD + FOOT, palette.ground);
  const pen: Pen = { ctx, palette };
  const ends = write(pen, words.title, [MARGIN, MARGIN + 8], { size: 14, bold: true, room: width });
  const beside = { size: 12, room: MARGIN + width - ends - 10, faint: true };
  write(pen, words.subtitle, [ends + 10, MARGIN + 8], beside);
  for (const [i, { title, notes, box, plot }] of layouts.entries()) {
    const at = [MARGIN + box.left - left, MARGIN + HEAD + box.top - top + 11] as const;
    const end = write(pen, title, at, { size: 12, bold: true, room: box.width });
    write(pen, notes, [end + 5, at[1]], {
      size: 12,
      room: at[0] + box.width - end - 5,
      faint: true,
    });
    const canvas = await charts[i]!.paint(ZOOM);
    const corner = [at[0] + plot.left - box.left, at[1] - 11 + plot.top - box.top].map(Math.round);
    ctx.drawImage(canvas, corner[0]!, corner[1]!, canvas.width / ZOOM, canvas.height / ZOOM);
  }
  const bottom = MARGIN + HEAD + height + FOOT - 6;
  write(pen, words.foot, [MARGIN, bottom], { size: 11, room: width, faint: true });
  return new Promise((done, fail) =>
    ctx.canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no picture")))),
  );
}

interface Pen {
  readonly ctx: CanvasRenderingContext2D;
  readonly palette: Palette;
}

function sheet(width: number, height: number, ground: string): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * ZOOM);
  canvas.height = Math.round(height * ZOOM);
  const ctx = canvas.getContext("2d")!;
  ctx.scale(ZOOM, ZOOM);
  ctx.fillStyle = ground;
  ctx.fillRect(0, 0, width, height);
  return ctx;
}

interface Hand {
  readonly size: number;
  readonly room: number;
  readonly bold?: boolean;
  readonly faint?: boolean;
}

/** Writes a line and gives its right end; what is too long for its room ends in dots. */
function write(
  { ctx, palette }: Pen,
  text: string,
  [x, y]: readonly [number, number],
  { size, room, bold = false, faint = false }: Hand,
): number {
  ctx.font = `${bold ? 600 : 400} ${size}px ${palette.font}`;
  ctx.textBaseline = "middle";
  ctx.fillStyle = faint ? palette.soft : palette.ink;
  const shown = shortened(text, (words) => ctx.measureText(words).width <= room);
  ctx.fillText(shown, x, y);
  return x + ctx.measureText(shown).width;
}

/** The longest beginning that fits, with dots where something is left out. */
export function shortened(text: string, fits: (text: string) => boolean): string {
  if (fits(text)) return text;
  let end = text.length;
  while (end > 0 && !fits(`${text.slice(0, end)}…`)) end--;
  return end > 0 ? `${text.slice(0, end)}…` : "";
}
