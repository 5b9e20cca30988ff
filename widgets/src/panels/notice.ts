import { element, setText } from "../dom";
import type { Part, Run } from "../store";
import type { Panel } from "./panel";

/** What is not as it was asked for, and what a stop has kept. */
export class NoticePanel implements Panel {
  readonly parts: readonly Part[] = ["notice"];
  #node = element("p", "mlm-notice");

  constructor() {
    this.#node.setAttribute("role", "note");
  }

  node(): HTMLElement {
    return this.#node;
  }

  update({ state }: Run): void {
    setText(this.#node, state.notice ?? "");
    this.#node.hidden = !state.notice;
  }
}
