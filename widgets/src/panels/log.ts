import { element, keepKeys, setText } from "../dom";
import { clock } from "../format";
import type { LogLine } from "../protocol";
import type { Part, Run } from "../store";
import type { TabPanel } from "./panel";
import { plainText } from "./plain-text";

/** What the run said, the newest line in sight unless the reader has scrolled up. */
export class LogPanel implements TabPanel {
  readonly title = "Log";
  readonly parts: readonly Part[] = ["log", "status"];
  #lines = element("ol", "mlm-log");
  #empty = element("p", "mlm-empty");
  #node = element("div", "mlm-text", this.#lines, this.#empty);
  #drawn: readonly LogLine[] = [];
  #follow = true;

  constructor(signal: AbortSignal) {
    this.#lines.tabIndex = 0;
    this.#lines.setAttribute("aria-label", "Log");
    keepKeys(this.#lines);
    this.#lines.addEventListener("scroll", () => (this.#follow = atEnd(this.#lines)), { signal });
  }

  node(): HTMLElement {
    return this.#node;
  }

  has(): boolean {
    return true;
  }

  badge({ log }: Run): number {
    return troubles(log);
  }

  update({ log, state }: Run): void {
    const alive = state.status === "queued" || state.status === "running";
    setText(this.#empty, alive ? "nothing logged yet" : "nothing was logged");
    this.#empty.hidden = log.length > 0;
    this.#lines.hidden = log.length === 0;
    const kept = log.findIndex((line, i) => line !== this.#drawn[i]);
    const from = kept < 0 ? log.length : kept;
    while (this.#lines.children.length > from) this.#lines.lastElementChild?.remove();
    this.#lines.append(...log.slice(from).map(item));
    this.#drawn = log;
    if (this.#follow) this.#lines.scrollTop = this.#lines.scrollHeight;
  }
}

/** How many warnings and errors a log has, however many lines each takes. */
export function troubles(log: readonly LogLine[]): number {
  return log.filter((line, i) => isTrouble(line) && !isOne(line, log[i - 1])).length;
}

function isTrouble({ level }: LogLine): boolean {
  return level === "warning" || level === "error";
}

/** Whether two lines are of one message: those of a traceback come at one moment. */
function isOne(line: LogLine, before: LogLine | undefined): boolean {
  return before?.time === line.time && before.level === line.level;
}

function atEnd(node: HTMLElement): boolean {
  return node.scrollHeight - node.scrollTop - node.clientHeight < 4;
}

function item({ time, level, text }: LogLine): HTMLElement {
  const when = element("span", "mlm-log-time", clock(time));
  const mark = element("span", "mlm-log-level", MARKS[level]);
  const node = element("li", "", when, mark, element("span", "mlm-log-text", plainText(text)));
  node.dataset["level"] = level;
  return node;
}

const MARKS: Record<LogLine["level"], string> = {
  info: "",
  output: "›",
  warning: "warning",
  error: "error",
};
