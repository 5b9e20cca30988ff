import { button, element, keepKeys, setAttributes, setText } from "../dom";
import type { Weight } from "../charts/smoothing";

const MOST = 0.99; // at 1 nothing would ever move

export interface CurveActions {
  smooth(weight: Weight): void;
  toggleTable(): void;
  saveCsv(): void;
  savePng(): void;
}

/** What there is to draw, and how it is drawn. */
export interface CurveToolsState {
  readonly some: boolean;
  /** Whether any curve is one of points that follow from each other. */
  readonly smoothable: boolean;
  readonly asTable: boolean;
}

/** How the curves are looked at, and what to take away of them. */
export class CurveTools {
  #range = element("input", "mlm-range");
  #weight = element("span", "mlm-weight");
  #smooth = element("label", "mlm-smooth", "smooth", this.#range, this.#weight);
  #table: HTMLButtonElement;
  #csv: HTMLButtonElement;
  #png: HTMLButtonElement;
  #node: HTMLElement;

  constructor(actions: CurveActions) {
    Object.assign(this.#range, {
      type: "range",
      min: "0",
      max: String(MOST),
      step: "0.01",
      value: "0",
    });
    this.#range.setAttribute("aria-label", "smoothing");
    this.#range.title = "Exponential moving average, as in TensorBoard; 0 is off";
    this.#range.addEventListener("input", () => this.#onInput(actions));
    keepKeys(this.#range);
    this.#table = button("table", () => actions.toggleTable(), "mlm-link");
    this.#csv = button("CSV", () => actions.saveCsv(), "mlm-link");
    this.#csv.title = "Save the points that the charts hold, unsmoothed";
    this.#png = button("PNG", () => actions.savePng(), "mlm-link");
    this.#png.title = "Save a picture of the charts as they are now";
    this.#node = element(
      "span",
      "mlm-curve-tools",
      this.#smooth,
      this.#table,
      this.#csv,
      this.#png,
    );
    this.#show(0);
  }

  node(): HTMLElement {
    return this.#node;
  }

  update({ some, smoothable, asTable }: CurveToolsState): void {
    for (const tool of [this.#table, this.#csv, this.#png]) tool.hidden = !some;
    this.#smooth.hidden = !smoothable;
    // What a table has no use for leaves its place, so that the toggle stays under the pointer.
    for (const tool of [this.#smooth, this.#png]) tool.classList.toggle("mlm-absent", asTable);
    this.#table.setAttribute("aria-pressed", String(asTable));
    this.#table.title = asTable ? "Show the curves as charts" : "Show the curves as a table";
  }

  #onInput(actions: CurveActions): void {
    const weight = this.#range.valueAsNumber;
    this.#show(weight);
    actions.smooth(weight);
  }

  #show(weight: Weight): void {
    setText(this.#weight, weight === 0 ? "off" : weight.toFixed(2));
    setAttributes(this.#range, { "aria-valuetext": weight === 0 ? "off" : weight.toFixed(2) });
    this.#range.style.setProperty("--part", `${(100 * weight) / MOST}%`);
  }
}
