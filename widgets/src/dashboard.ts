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
import { touches, type Actions, type Panel } from "./panels/panel";
import { SourcePanel } from "./panels/source";
import { Tabs } from "./panels/tabs";
import { TilesPanel } from "./panels/tiles";
import type { WireBuffer } from "./curves";
import type { Command, Message } from "./protocol";
import { Store } from "./store";
import { followTheme } from "./theme";

/** All panels of one run, fed by messages. Knows no widget, so that it runs in a plain page too. */
export class Dashboard {
  #store = new Store();
  #node = element("section");
  #curves: CurvesPanel;
  #tabs: Tabs;
  #footer: FooterPanel;
  #panels: readonly Panel[];
  #frame: Frame;

  constructor(send: (command: Command) => void, signal: AbortSignal) {
    const actions: Actions = {
      stop: () => send({ type: "stop" }),
      toggleTable: () => this.#toggleTable(),
    };
    this.#curves = new CurvesPanel(signal);
    this.#tabs = new Tabs(
      [
        this.#curves,
        new ConfusionPanel(),
        new ClassificationPanel(),
        new ImportancePanel(),
        new LogPanel(signal),
        new SourcePanel("Config", "config"),
        new SourcePanel("Report", "report"),
      ],
      signal,
    );
    this.#footer = new FooterPanel(actions);
    this.#panels = [
      new Announcer(),
      new HeaderPanel(actions, signal),
      new BannerPanel(),
      new TilesPanel(),
      this.#tabs,
      this.#footer,
    ];
    this.#frame = new Frame(() => this.#draw(), signal);
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

  receive(message: Message, buffers: readonly WireBuffer[]): void {
    this.#store.apply(message, buffers);
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

  #toggleTable(): void {
    const on = !(this.#curves.asTable && this.#tabs.selected === this.#curves);
    this.#curves.showTable(on);
    this.#tabs.select(this.#curves);
    this.#footer.pressed(on);
  }
}
