import { button, element, setText } from "../dom";
import { short } from "../format";
import type { Part, Run } from "../store";
import type { Actions, Panel } from "./panel";

/** Where the run lies and what makes it repeatable. */
export class FooterPanel implements Panel {
  readonly parts: readonly Part[] = ["outputDir", "seed", "dataHash", "curves"];
  #path = element("bdi");
  #where = element("span", "mlm-where", this.#path);
  #origin = element("span", "mlm-origin");
  #table: HTMLButtonElement;
  #node: HTMLElement;

  constructor(actions: Actions) {
    this.#table = button("table", () => actions.toggleTable(), "mlm-link mlm-toggle");
    this.#node = element("footer", "mlm-footer", this.#where, this.#origin, this.#table);
    this.pressed(false);
  }

  node(): HTMLElement {
    return this.#node;
  }

  pressed(on: boolean): void {
    this.#table.setAttribute("aria-pressed", String(on));
    this.#table.title = on ? "Show the curves as charts" : "Show the curves as a table";
  }

  update({ state, curves }: Run): void {
    setText(this.#path, state.outputDir);
    this.#where.title = state.outputDir;
    const seed = state.seed === null ? [] : [`seed ${state.seed}`];
    const data = state.dataHash ? [`data ${short(state.dataHash)}`] : [];
    setText(this.#origin, [...seed, ...data].join(" · "));
    this.#origin.title = state.dataHash ?? "";
    this.#table.hidden = curves.every((curve) => curve.x.length === 0);
  }
}
