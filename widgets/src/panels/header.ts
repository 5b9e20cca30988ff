import { button, element, setAttributes, setText } from "../dom";
import { clock, grouped, ordinal } from "../format";
import type { Progress, RunState } from "../protocol";
import type { Part, Run } from "../store";
import type { Actions, Panel } from "./panel";

/** Name, state, how long it will take, and the way to stop it. */
export class HeaderPanel implements Panel {
  readonly parts: readonly Part[] = [
    ...([
      "name",
      "action",
      "framework",
      "subject",
      "threads",
      "device",
      "status",
      "stopping",
      "stopBy",
    ] as const),
    ...(["phase", "progress", "waiting"] as const),
  ];
  #name = element("h1");
  #chip = element("span", "mlm-chip");
  #what = element("span", "mlm-what");
  #unit = element("span", "mlm-unit");
  #time = element("span", "mlm-time");
  #stop: HTMLButtonElement;
  #hint = element("span", "mlm-hint");
  #fill = element("i");
  #bar = element("div", "mlm-bar", this.#fill);
  #node: HTMLElement;
  #run: Run | null = null;
  #asked: Asked = "no";

  constructor(actions: Actions, signal: AbortSignal) {
    this.#stop = button("", () => this.#ask(actions), "mlm-button mlm-stop");
    const who = element("div", "mlm-who", this.#name, this.#chip, this.#what);
    const when = element("div", "mlm-when", this.#unit, this.#time, this.#hint, this.#stop);
    this.#node = element(
      "header",
      "mlm-header",
      element("div", "mlm-headline", who, when),
      this.#bar,
    );
    this.#hint.setAttribute("aria-live", "polite");
    const tick = setInterval(() => this.#tick(), 1000);
    signal.addEventListener("abort", () => clearInterval(tick));
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(run: Run): void {
    this.#run = run;
    const { state } = run;
    setText(this.#name, state.name);
    setText(this.#chip, chipText(state));
    this.#chip.dataset["status"] = state.status;
    const what = whatText(state);
    setText(this.#what, what);
    setAttributes(this.#what, { title: [state.action, what].filter(Boolean).join(": ") });
    setText(this.#unit, unitText(state));
    this.#drawStop(state);
    this.#drawBar(state);
    this.#tick();
  }

  #ask(actions: Actions): void {
    this.#answer("sent");
    actions.stop();
    setTimeout(() => this.#asked === "sent" && this.#answer("unanswered"), ANSWER_WITHIN);
  }

  #answer(asked: Asked): void {
    this.#asked = asked;
    if (this.#run) this.#drawStop(this.#run.state);
  }

  #drawStop(state: RunState): void {
    const { label, disabled, hint } = stopText(state, this.#asked);
    this.#stop.hidden = label === "";
    this.#stop.disabled = disabled;
    if (label) setText(this.#stop, label);
    setText(this.#hint, hint);
    this.#time.hidden = hint !== "" && label !== ""; // in its place the button stays where it is
  }

  #drawBar({ status, progress, phase }: RunState): void {
    const share = status === "success" ? 1 : progress.fraction;
    const unknown = status === "running" && share === null;
    this.#bar.dataset["status"] = status;
    this.#bar.classList.toggle("mlm-unknown", unknown);
    this.#fill.style.width = `${100 * Math.min(1, Math.max(0, share ?? 0))}%`;
    setAttributes(this.#bar, {
      role: "progressbar",
      "aria-label": phase || "progress",
      "aria-valuemin": "0",
      "aria-valuemax": "100",
      "aria-valuenow": share === null ? null : String(Math.round(100 * share)),
    });
  }

  #tick(): void {
    if (!this.#run || document.hidden) return;
    const { state } = this.#run;
    this.#node.classList.toggle(
      "mlm-quiet",
      state.status === "running" && isQuiet(this.#run.since()),
    );
    setText(this.#time, timeText(state, this.#run.since()));
  }
}

/** Whether the button was clicked, and the kernel has had time to say that it heard. */
export type Asked = "no" | "sent" | "unanswered";

const ANSWER_WITHIN = 1000; // ms

/** The button, gone where it has no label, and what to do where it does not help. */
export function stopText(
  { status, stopping, stopBy }: Pick<RunState, "status" | "stopping" | "stopBy">,
  asked: Asked,
): { label: string; disabled: boolean; hint: string } {
  const alive = status === "running" || status === "queued";
  if (!alive || stopBy === "none") return { label: "", disabled: true, hint: "" };
  if (stopping || asked === "sent") return { label: "Stopping…", disabled: true, hint: "" };
  if (stopBy === "interrupt")
    return { label: "", disabled: true, hint: "to stop, interrupt the kernel" };
  const label = status === "queued" ? "Cancel" : "Stop & keep best";
  const hint = asked === "unanswered" ? "no answer: interrupt the kernel" : "";
  return { label, disabled: false, hint };
}

/** What trains what, and on which device. */
export function whatText({ framework, subject, device, threads }: WhatFacts): string {
  const processor = threads ? `${threads} thread${threads === 1 ? "" : "s"}` : "";
  return [framework, subject, device?.name ?? processor].filter(Boolean).join(" · ");
}

type WhatFacts = Pick<RunState, "framework" | "subject" | "device" | "threads">;

/** What the run is at: the phase while it runs, else how it ended. */
export function chipText({ status, phase, stopping }: RunState): string {
  if (status === "running") return stopping ? "stopping" : phase || "running";
  return status;
}

export function unitText({ status, progress, waiting }: RunState): string {
  if (status === "queued") return waiting ? waitingText(waiting) : "";
  const { unit, total } = progress;
  const done = Math.floor(progress.done); // steps count as parts of an epoch
  if (!unit || (done === 0 && total === null)) return "";
  return total === null
    ? `${unit} ${grouped(done)}`
    : `${unit} ${grouped(done)} of ${grouped(total)}`;
}

export function waitingText(waiting: NonNullable<RunState["waiting"]>): string {
  if (waiting.for) return `waiting for: ${waiting.for}`;
  const place = waiting.position > 0 ? `${ordinal(waiting.position)} in the queue` : "next";
  return waiting.behind.length > 0 ? `${place}, behind ${waiting.behind.join(", ")}` : place;
}

/** The kernel says something every second, so a longer silence means that it is gone or stuck. */
export function isQuiet(since: number): boolean {
  return since > 15;
}

/** The clock, `since` seconds after the kernel last spoke of it. */
export function timeText(
  { status, progress }: Pick<RunState, "status" | "progress">,
  since: number,
): string {
  if (status === "queued") return "";
  if (status !== "running") return clockText(progress);
  if (isQuiet(since)) return `no word from the kernel for ${clock(since)}`;
  const elapsed = clock(progress.elapsed + since);
  if (progress.remaining === null) return elapsed;
  return `${elapsed} · ${clock(Math.max(1, progress.remaining - since))} left`;
}

function clockText({ elapsed }: Progress): string {
  if (elapsed === 0) return "";
  return elapsed < 1
    ? `${elapsed.toFixed(2)} s`
    : elapsed < 10
      ? `${elapsed.toFixed(1)} s`
      : clock(elapsed);
}
