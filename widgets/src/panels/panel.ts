import type { Part, Run } from "../store";

/** One part of the dashboard: it owns a node and redraws it when a part of the run that it names has changed. */
export interface Panel {
  readonly parts: readonly Part[];
  node(): HTMLElement;
  update(run: Run, changed: ReadonlySet<Part>): void;
}

/** A panel behind a tab. The tab is there while `has` says so. */
export interface TabPanel extends Panel {
  readonly title: string;
  /** Controls that stand in the footer while the tab is open. */
  readonly tools?: HTMLElement;
  has(run: Run): boolean;
  /** A small number behind the title: things that ask for attention. */
  badge?(run: Run): number;
}

/** What panels ask of the kernel. */
export interface Actions {
  stop(): void;
}

export function touches(panel: Panel, changed: ReadonlySet<Part>): boolean {
  return panel.parts.some((part) => changed.has(part));
}
