import { element, setText } from "../dom";
import { short } from "../format";
import type { RunState } from "../protocol";
import type { Part, Run } from "../store";
import type { Panel } from "./panel";

/** Where the run lies, what makes it repeatable, and the open tab's tools. */
export class FooterPanel implements Panel {
  readonly parts: readonly Part[] = ["outputDir", "seed", "dataHash"];
  #path = element("bdi");
  #where = element("span", "mlm-where", this.#path);
  #origin = element("span", "mlm-origin");
  #node: HTMLElement;

  constructor(tools: readonly HTMLElement[]) {
    const about = element("span", "mlm-about", this.#where, this.#origin);
    this.#node = element("footer", "mlm-footer", about, ...tools);
  }

  node(): HTMLElement {
    return this.#node;
  }

  update({ state }: Run): void {
    setText(this.#path, state.outputDir);
    this.#where.title = state.outputDir;
    setText(this.#origin, originText(state));
    this.#origin.title = state.dataHash ?? "";
  }
}

export function originText({ seed, dataHash }: Pick<RunState, "seed" | "dataHash">): string {
  const parts = [seed === null ? "" : `seed ${seed}`, dataHash ? `data ${short(dataHash)}` : ""];
  return parts.filter(Boolean).join(" · ");
}
