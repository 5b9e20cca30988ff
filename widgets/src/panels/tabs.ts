import { element, keepKeys, setText, uniqueId } from "../dom";
import type { Part, Run } from "../store";
import { touches, type Panel, type TabPanel } from "./panel";

interface Tab {
  panel: TabPanel;
  tab: HTMLButtonElement;
  badge: HTMLElement;
  body: HTMLElement;
  /** What changed since the panel was last drawn. */
  stale: Set<Part>;
}

/** One panel at a time; those that nobody sees are not drawn. */
export class Tabs implements Panel {
  readonly parts: readonly Part[];
  #tabs: Tab[];
  #list = element("div", "mlm-tablist");
  #node = element("div", "mlm-tabs");
  #run: Run | null = null;
  #selected: Tab;
  #chosen = false;
  #onScreen = true;

  constructor(panels: readonly [TabPanel, ...TabPanel[]], signal: AbortSignal) {
    this.parts = [...new Set(panels.flatMap((panel) => panel.parts))];
    this.#tabs = panels.map((panel) => this.#make(panel));
    this.#selected = this.#tabs[0]!;
    this.#list.setAttribute("role", "tablist");
    keepKeys(this.#list);
    this.#list.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    this.#node.append(this.#list, ...this.#tabs.map(({ body }) => body));
    this.#watchScreen(signal);
    this.#mark();
  }

  node(): HTMLElement {
    return this.#node;
  }

  /** The controls of all panels, those of the open one shown. */
  tools(): HTMLElement[] {
    return this.#tabs.flatMap(({ panel }) => panel.tools ?? []);
  }

  update(run: Run, changed: ReadonlySet<Part>): void {
    this.#run = run;
    for (const tab of this.#tabs) {
      if (touches(tab.panel, changed)) changed.forEach((part) => tab.stale.add(part));
      tab.tab.hidden = !tab.panel.has(run);
      const badge = tab.panel.badge?.(run) ?? 0;
      setText(tab.badge, badge > 0 ? String(badge) : "");
    }
    const there = this.#tabs.find(({ tab }) => !tab.hidden);
    const stays = this.#chosen && !this.#selected.tab.hidden;
    if (there && there !== this.#selected && !stays) this.#open(there.panel);
    this.#draw();
  }

  /** Open a tab because somebody wants to see it: it stays open as long as it is there. */
  select(panel: TabPanel): void {
    this.#chosen = true;
    this.#open(panel);
  }

  #open(panel: TabPanel): void {
    this.#selected = this.#tabs.find((tab) => tab.panel === panel) ?? this.#selected;
    this.#mark();
    this.#draw();
  }

  #draw(): void {
    const { panel, stale } = this.#selected;
    if (!this.#run || !this.#onScreen || stale.size === 0) return;
    this.#selected.stale = new Set();
    panel.update(this.#run, stale);
  }

  #mark(): void {
    for (const { panel, tab, body } of this.#tabs) {
      const on = tab === this.#selected.tab;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      body.hidden = !on;
      if (panel.tools) panel.tools.hidden = !on;
    }
  }

  #make(panel: TabPanel): Tab {
    const badge = element("span", "mlm-badge");
    const tab = element("button", "mlm-tab", panel.title, badge);
    const body = element("div", "mlm-tabpanel", panel.node());
    tab.type = "button";
    tab.id = uniqueId("tab");
    body.id = uniqueId("panel");
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", body.id);
    body.setAttribute("role", "tabpanel");
    body.setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", () => this.select(panel));
    this.#list.append(tab);
    return { panel, tab, badge, body, stale: new Set() };
  }

  #onKey(event: KeyboardEvent): void {
    const there = this.#tabs.filter(({ tab }) => !tab.hidden);
    const at = there.indexOf(this.#selected);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: there.length - 1 }[event.key];
    const next = to === undefined ? undefined : there[(to + there.length) % there.length];
    if (!next) return;
    event.preventDefault();
    this.select(next.panel);
    next.tab.focus();
  }

  #watchScreen(signal: AbortSignal): void {
    const observer = new IntersectionObserver((entries) => {
      this.#onScreen = entries.at(-1)?.isIntersecting ?? true; // several changes may come at once
      this.#draw();
    });
    observer.observe(this.#node);
    signal.addEventListener("abort", () => observer.disconnect());
  }
}
