import "uplot/dist/uPlot.min.css";
import "./style/index.css";
import { Dashboard } from "./dashboard";
import type { WireBuffer } from "./curves";
import type { Command, Message } from "./protocol";

/** The part of anywidget's model that we use. */
export interface Model {
  on(name: "msg:custom", callback: (content: Message, buffers: WireBuffer[]) => void): void;
  off(name: "msg:custom", callback: (content: Message, buffers: WireBuffer[]) => void): void;
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
  const dashboard = new Dashboard((command) => model.send(command), view.signal);
  const receive = (content: Message, buffers: WireBuffer[]): void =>
    dashboard.receive(content, buffers ?? []);
  model.on("msg:custom", receive);
  view.signal.addEventListener("abort", () => model.off("msg:custom", receive));
  el.append(dashboard.node());
  ask(model, dashboard, view.signal);
  return end;
}

/** Asks for a snapshot until one comes: JupyterLab opens the way past a waiting cell only after a moment. */
function ask(model: Model, dashboard: Dashboard, signal: AbortSignal, pause = 500): void {
  if (signal.aborted || dashboard.ready) return;
  model.send({ type: "ready" });
  setTimeout(() => ask(model, dashboard, signal, 2 * pause), pause);
}

export default { render };
