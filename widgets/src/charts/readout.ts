import { element, setText } from "../dom";
import { metric } from "../format";
import { position, type CurveView, type Reading } from "./curve-view";

interface Place {
  readonly left: number;
  readonly width: number;
  /** At the foot of the plot, since the lines pass above. */
  readonly below: boolean;
}

/** The crosshair of a chart and the values it stands on. */
export class Readout {
  #line = element("div", "mlm-crosshair");
  #box = element("div", "mlm-readout");

  /** The two nodes, to lie over the plot. */
  nodes(): HTMLElement[] {
    this.hide();
    return [this.#line, this.#box];
  }

  hide(): void {
    this.#line.hidden = true;
    this.#box.hidden = true;
  }

  /** Shows a reading at `left` pixels of a plot `width` wide; the box goes where there is more room. */
  show(view: CurveView, reading: Reading, { left, width, below }: Place): void {
    this.#line.hidden = false;
    this.#box.hidden = false;
    this.#line.style.transform = `translateX(${left}px)`;
    const onRight = left < width / 2;
    this.#box.style.left = onRight ? `${left + 8}px` : "";
    this.#box.style.right = onRight ? "" : `${width - left + 8}px`;
    this.#box.classList.toggle("mlm-below", below);
    this.#fill(view, reading);
  }

  #fill(view: CurveView, reading: Reading): void {
    const rows = [
      { name: `${view.unit} ${position(reading.x)}`, text: "", raw: "" },
      ...reading.rows.map(({ name, value, raw }) => ({
        name,
        text: metric(value),
        raw: raw === undefined ? "" : `raw ${metric(raw)}`,
      })),
    ];
    while (this.#box.children.length > rows.length) this.#box.lastElementChild?.remove();
    rows.forEach(({ name, text, raw }, i) => {
      const row = this.#box.children[i] ?? this.#box.appendChild(blankRow());
      setText(row.children[0]!, name);
      setText(row.children[1]!, text);
      setText(row.children[2]!, raw);
      row.setAttribute("data-series", i === 0 ? "" : name);
    });
  }
}

function blankRow(): HTMLElement {
  return element("div", "", element("span"), element("b"), element("i"));
}
