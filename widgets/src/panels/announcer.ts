import { element, setText } from "../dom";
import type { RunState } from "../protocol";
import type { Part, Run } from "../store";
import { chipText, waitingText } from "./header";
import type { Panel } from "./panel";

/** Tells a screen reader how the run goes: a change of state, and each quarter of the way. */
export class Announcer implements Panel {
  readonly parts: readonly Part[] = ["status", "phase", "progress", "stopping", "error", "waiting"];
  #node = element("div", "mlm-hidden");
  #key = "";

  constructor() {
    this.#node.setAttribute("aria-live", "polite");
    this.#node.setAttribute("role", "status");
  }

  node(): HTMLElement {
    return this.#node;
  }

  update({ state }: Run): void {
    const key = milestone(state);
    if (key === this.#key) return;
    this.#key = key;
    setText(this.#node, sentence(state));
  }
}

/** Equal for states that sound alike. */
export function milestone(state: RunState): string {
  const quarter = Math.floor(4 * (state.progress.fraction ?? 0));
  return JSON.stringify([chipText(state), quarter, state.waiting, state.error?.type]);
}

export function sentence(state: RunState): string {
  const { name, status, progress, error, waiting } = state;
  if (error) return `${name}: ${error.type}. ${error.message}`;
  if (status === "queued" && waiting) return `${name}: ${waitingText(waiting)}`;
  const { unit, done, total } = progress;
  const where =
    status === "running" && unit && total !== null
      ? `, ${unit} ${Math.floor(done)} of ${total}`
      : "";
  return `${name}: ${chipText(state)}${where}`;
}
