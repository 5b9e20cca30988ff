import { element } from "./dom";
import { Frame } from "./frame";
import { Announcer } from "./panels/announcer";
import { BannerPanel } from "./panels/banner";
import { ClassificationPanel } from "./panels/classification";
import { ConfusionPanel } from "./panels/confusion";
import { CurvesPanel } from "./panels/curves";
import { FooterPanel } from "./panels/footer";
import { HeaderPanel } from "./panels/header";
import { ImportancePanel } from "./panels/importance";
import { LogPanel } from "./panels/log";
import { NoticePanel } from "./panels/notice";
import { PredictionsPanel } from "./panels/predictions";
import { touches, type Actions, type Panel } from "./panels/panel";
import { SourcePanel } from "./panels/source";
import { Tabs } from "./panels/tabs";
import { TilesPanel } from "./panels/tiles";
import type { WireBuffer } from "./curves";
import type { Command, Message } from "./protocol";
import { Pulse } from "./pulse";
import { Store } from "./store";
import { followTheme } from "./theme";

/** All panels of one run, fed by messages. Knows no widget, so that it runs in a plain page too. */
export class Dashboard {
  #store = new Store();
  #node = element("section");
  #curves: CurvesPanel;
  #panels: readonly Panel[];
  #frame: Frame;
  #pulse: Pulse;

  /** `send` says whether there still is a way to the kernel. */
  constructor(send: (command: Command) => boolean, signal: AbortSignal) {
    const ask = (command: Command): void => {
      if (!send(command)) this.#lose();
    };
    const actions: Actions = { stop: () => ask({ type: "stop" }) };
    this.#curves = new CurvesPanel(signal);
    const tabs = new Tabs(
      [
        this.#curves,
        new PredictionsPanel(),
        new ConfusionPanel(),
        new ClassificationPanel(),
        new ImportancePanel(),
        new LogPanel(signal),
        new SourcePanel("Config", "config"),
        new SourcePanel("Report", "report"),
      ],
      signal,
    );
    this.#panels = [
      new Announcer(),
      new HeaderPanel(actions, signal),
      new BannerPanel(),
      new NoticePanel(),
      new TilesPanel(),
      tabs,
      new FooterPanel(tabs.tools()),
    ];
    this.#frame = new Frame(() => this.#draw(), signal);
    this.#pulse = new Pulse(() => ask({ type: "ready" }), signal);
    this.#node.setAttribute("aria-label", "mlmagic run");
    followTheme(this.#node, () => this.#curves.retint(), signal);
  }

  node(): HTMLElement {
    return this.#node;
  }

  /** Whether a snapshot has come. */
  get ready(): boolean {
    return this.#store.ready;
  }

  /** Asks the kernel whether it is there, since the host says that something happened to it. */
  doubt(): void {
    this.#pulse.ask();
  }

  receive(message: Message, buffers: readonly WireBuffer[]): void {
    this.#store.apply(message, buffers);
    this.#pulse.heard(this.#store.alive);
    if (this.#store.ready) this.#frame.request();
  }

  #draw(): void {
    // The class comes with the first snapshot: where no kernel answers, the saved report beside us shows.
    this.#node.className = "mlm-dashboard";
    if (!this.#node.firstChild) this.#node.append(...this.#panels.map((panel) => panel.node()));
    const changed = this.#store.takeChanged();
    for (const panel of this.#panels) {
      if (touches(panel, changed)) panel.update(this.#store, changed);
    }
  }

  /** The run ended with its kernel, and nobody is left to say so. */
  #lose(): void {
    if (!this.#store.alive) return;
    this.#store.lose();
    this.#pulse.heard(false);
    this.#frame.request();
  }
}
