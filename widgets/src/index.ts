import "uplot/dist/uPlot.min.css";
import "./style/index.css";
import { Dashboard } from "./dashboard";
import type { WireBuffer } from "./curves";
import type { Command, Message } from "./protocol";

/** A message, or the host's word that it lost the kernel, as when that is restarted. */
export type ModelEvent = "msg:custom" | "comm_live_update";

/** The part of anywidget's model that we use. */
export interface Model {
  on(name: ModelEvent, callback: (content: Message, buffers: WireBuffer[]) => void): void;
  off(name: ModelEvent, callback: (content: Message, buffers: WireBuffer[]) => void): void;
  send(content: Command): void;
}

interface RenderContext {
  model: Model;
  el: HTMLElement;
  /** anywidget 0.11 passes one; with older versions the returned function alone ends a view. */
  signal?: AbortSignal;
}

function render({ model, el, signal }: RenderContext): () => void {
  const view = new AbortController();
  const end = (): void => view.abort();
  signal?.addEventListener("abort", end);
  const dashboard = new Dashboard((command) => send(model, command), view.signal);
  const receive = (content: Message, buffers: WireBuffer[]): void =>
    dashboard.receive(content, buffers ?? []);
  const doubt = (): void => dashboard.doubt();
  model.on("msg:custom", receive);
  model.on("comm_live_update", doubt);
  view.signal.addEventListener("abort", () => {
    model.off("msg:custom", receive);
    model.off("comm_live_update", doubt);
  });
  el.append(dashboard.node());
  ask(model, dashboard, view.signal);
  return end;
}

/** Whether there was a way to the kernel: JupyterLab throws where the kernel that knew this widget is gone. */
function send(model: Model, command: Command): boolean {
  try {
    model.send(command);
    return true;
  } catch {
    return false;
  }
}

/** Asks for a snapshot until one comes: JupyterLab opens the way past a waiting cell only after a moment. */
function ask(model: Model, dashboard: Dashboard, signal: AbortSignal, pause = 500): void {
  if (signal.aborted || dashboard.ready) return;
  send(model, { type: "ready" });
  setTimeout(() => ask(model, dashboard, signal, 2 * pause), pause);
}

export default { render };
