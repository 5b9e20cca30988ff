import { element } from "../dom";
import { column } from "../format";

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Half the whisker's length; 0 draws none. */
  readonly spread: number;
}

/** Horizontal bars from zero, which need not be the left edge, with names left and values right. */
export class BarChart {
  #node = element("ol", "mlm-bars");

  node(): HTMLElement {
    return this.#node;
  }

  draw(bars: readonly Bar[]): void {
    const place = scaleOf(bars);
    const texts = column(bars.map(({ value }) => value));
    this.#node.replaceChildren(...bars.map((bar, i) => row(bar, texts[i]!, place)));
  }
}

type Place = (value: number) => number;

/** From a value to per cent of the width; the ends are the outermost whiskers and zero. */
export function scaleOf(bars: readonly Bar[]): Place {
  const low = Math.min(0, ...bars.map(({ value, spread }) => value - (value < 0 ? spread : 0)));
  const high = Math.max(0, ...bars.map(({ value, spread }) => value + spread));
  const span = high - low || 1;
  return (value) => (100 * Math.min(Math.max(value - low, 0), span)) / span;
}

function row({ name, value, spread }: Bar, digits: string, place: Place): HTMLElement {
  const label = nameNode(name);
  const fill = span("mlm-bar-fill", place(Math.min(0, value)), place(Math.max(0, value)));
  if (value < 0) fill.classList.add("mlm-negative");
  const track = element("span", "mlm-bar-track", fill);
  if (spread > 0) track.append(span("mlm-whisker", place(value - spread), place(value + spread)));
  const text = element("span", "mlm-bar-value", digits);
  text.title = spread > 0 ? `${value} ± ${spread}` : String(value);
  return element("li", "", label, track, text);
}

const TAIL = 14;

/** A name that loses its middle where there is no room: long names often differ at their ends. */
function nameNode(name: string): HTMLElement {
  const cut = name.length > 2 * TAIL ? name.length - TAIL : name.length;
  const parts = [name.slice(0, cut), name.slice(cut)].filter(Boolean);
  const node = element("span", "mlm-bar-name", ...parts.map((part) => element("span", "", part)));
  node.title = name;
  return node;
}

function span(className: string, from: number, to: number): HTMLElement {
  const node = element("i", className);
  node.style.left = `${from}%`;
  node.style.width = `${to - from}%`;
  return node;
}
