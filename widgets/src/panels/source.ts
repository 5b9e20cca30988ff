import { button, element, keepKeys, setText } from "../dom";
import type { RunState } from "../protocol";
import type { Part, Run } from "../store";
import type { TabPanel } from "./panel";

/** A text of the run with a Copy button. */
export class SourcePanel implements TabPanel {
  readonly title: string;
  readonly parts: readonly Part[];
  #read: (state: RunState) => string | null;
  #pre = element("pre", "mlm-pre");
  #copy: HTMLButtonElement;
  #node: HTMLElement;

  constructor(title: string, part: "config" | "report") {
    this.title = title;
    this.parts = [part];
    this.#read = (state) => state[part];
    this.#pre.tabIndex = 0;
    this.#pre.setAttribute("aria-label", title);
    keepKeys(this.#pre);
    this.#copy = button("Copy", () => void this.#onCopy(), "mlm-button mlm-copy");
    this.#node = element("div", "mlm-text mlm-source", this.#pre, this.#copy);
  }

  node(): HTMLElement {
    return this.#node;
  }

  has({ state }: Run): boolean {
    return this.#read(state) !== null;
  }

  update({ state }: Run): void {
    setText(this.#pre, this.#read(state) ?? "");
  }

  async #onCopy(): Promise<void> {
    const done = await copy(this.#pre.textContent ?? "");
    setText(this.#copy, done ? "Copied" : "Select and copy by hand");
    setTimeout(() => setText(this.#copy, "Copy"), 1500);
  }
}

/** A page that is neither https nor localhost has no clipboard; the old command still works there. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const area = element("textarea", "mlm-hidden");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
