import { element, setText } from "../dom";
import type { RunError } from "../protocol";
import type { Part, Run } from "../store";
import type { Panel } from "./panel";
import { plainText } from "./plain-text";

const SHORT = 6; // lines of stderr that are shown without a click

/** Why the run ended early, and the way out. */
export class BannerPanel implements Panel {
  readonly parts: readonly Part[] = ["error", "status"];
  #node = element("section", "mlm-banner");
  #drawn = "";

  constructor() {
    this.#node.setAttribute("aria-label", "What went wrong");
  }

  node(): HTMLElement {
    return this.#node;
  }

  update({ state }: Run): void {
    const error = state.error ?? (state.status === "interrupted" ? lost(state.outputDir) : null);
    this.#node.hidden = error === null;
    const text = JSON.stringify(error);
    if (text === this.#drawn) return; // an open fold stays open
    this.#drawn = text;
    this.#node.replaceChildren(...(error ? parts(error) : []));
  }
}

/** What the page alone can tell: the kernel went, and its runs with it. */
function lost(directory: string): RunError {
  return {
    type: "interrupted",
    message:
      "The kernel of this run has ended or was restarted. What it told until then is shown here.",
    exitCode: 0,
    solution: `Run the cell again, or see what the run left: %mlattach ${directory}`,
  };
}

function parts(error: RunError): HTMLElement[] {
  const details = detailsOf(error.metadata);
  const code = error.exitCode ? `exit code ${error.exitCode}` : "";
  return [
    element("div", "mlm-banner-type", element("b", "", error.type), element("span", "", code)),
    element("p", "mlm-banner-message", plainText(error.message)),
    ...(error.solution ? [element("p", "mlm-banner-solution", ...withCode(error.solution))] : []),
    ...(error.stderr?.trim() ? [output("stderr", plainText(error.stderr.trimEnd()))] : []),
    ...(details ? [output("details", details, true)] : []),
  ];
}

/** Text whose parts between backticks are code. */
function withCode(text: string): (string | HTMLElement)[] {
  return text.split("`").map((part, place) => (place % 2 ? element("code", "", part) : part));
}

function output(title: string, text: string, folded = false): HTMLElement {
  const lines = text.split("\n").length;
  const summary = element("summary");
  setText(summary, lines > SHORT ? `${title}, ${lines} lines` : title);
  const pre = element("pre", "mlm-pre", text);
  pre.tabIndex = 0;
  const node = element("details", "mlm-details", summary, pre);
  node.open = !folded && lines <= SHORT;
  return node;
}

/** What the message does not say: it lists the faults of a config already. */
export function detailsOf(metadata: object | undefined): string {
  const rest = Object.entries(metadata ?? {}).filter(([key]) => key !== "faults");
  return rest.length > 0 ? JSON.stringify(Object.fromEntries(rest), null, 2) : "";
}
