import { element, setText } from "../dom";
import { format, memoryOf, percent } from "../format";
import type { Device, RunState, Tile } from "../protocol";
import type { Part, Run } from "../store";
import type { Panel } from "./panel";

const SHOWN = 6;

/** Six numbers, the ones that a reader compares first. */
export class TilesPanel implements Panel {
  readonly parts: readonly Part[] = ["tiles", "device", "status"];
  // No dl: JupyterLab floats every dt and dd.
  #node = element("div", "mlm-tiles");

  constructor() {
    this.#node.setAttribute("role", "list");
  }

  node(): HTMLElement {
    return this.#node;
  }

  update({ state }: Run): void {
    const { status } = state;
    const tiles = tilesOf(state);
    // Their place is kept while they may still come, so that what lies below stands still.
    const alive = status === "queued" || status === "running";
    this.#node.hidden = tiles.length === 0 && !alive;
    while (this.#node.children.length > tiles.length) this.#node.lastElementChild?.remove();
    tiles.forEach((tile, i) =>
      fill(this.#node.children[i] ?? this.#node.appendChild(blank()), tile),
    );
  }
}

/** A GPU at work takes the last place: what it does tells more than the memory of the process. */
export function tilesOf({
  tiles,
  device,
  status,
}: Pick<RunState, "tiles" | "device" | "status">): Tile[] {
  const tile = status === "running" && device ? deviceTile(device) : null;
  return tile ? [...tiles.slice(0, SHOWN - 1), tile] : tiles;
}

/** How busy it is and how full; none where neither is known. */
function deviceTile({ name, utilisation, memoryUsed, memoryTotal }: Device): Tile | null {
  const memory = memoryUsed === null ? "" : memoryOf(memoryUsed, memoryTotal);
  const busy = utilisation === null ? "" : percent(utilisation / 100);
  if (!memory && !busy) return null;
  const note = busy && memory ? { text: memory } : { text: name };
  return { label: "GPU", value: busy || memory, format: "text", note };
}

function blank(): HTMLElement {
  const parts = ["mlm-label", "mlm-value", "mlm-note"].map((name) => element("div", name));
  const tile = element("div", "mlm-tile", ...parts);
  tile.setAttribute("role", "listitem");
  return tile;
}

function fill(node: Element, tile: Tile): void {
  const [label, value, note] = node.children as unknown as [HTMLElement, HTMLElement, HTMLElement];
  setText(label, tile.label);
  setText(value, format(tile.value, tile.format));
  const words = noteText(tile);
  setText(note, words || "\u00a0"); // an empty line keeps the row's height
  label.title = tile.label;
  value.title = typeof tile.value === "number" ? String(tile.value) : value.textContent;
  note.title = words;
}

export function noteText({ note, format: as }: Pick<Tile, "note" | "format">): string {
  if (!note) return "";
  if (note.value === undefined) return note.text;
  const value = format(note.value, note.format ?? as);
  return note.text.includes("{}") ? note.text.replace("{}", () => value) : `${note.text} ${value}`;
}
