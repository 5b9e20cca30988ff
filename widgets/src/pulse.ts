const PATIENCE = 5; // seconds; the kernel says something every second while a run goes on

/** Asks a kernel that has fallen silent, less and less often, whether it is still there. */
export class Pulse {
  #ask: () => void;
  #silence = 0;
  #next = PATIENCE;
  #alive = false;

  constructor(ask: () => void, signal: AbortSignal) {
    this.#ask = ask;
    const tick = setInterval(() => this.#tick(), 1000);
    signal.addEventListener("abort", () => clearInterval(tick));
  }

  /** The kernel spoke; `alive` says whether it has more to say. */
  heard(alive: boolean): void {
    this.#alive = alive;
    this.#silence = 0;
    this.#next = PATIENCE;
  }

  ask(): void {
    if (this.#alive) this.#ask();
  }

  #tick(): void {
    if (!this.#alive || ++this.#silence < this.#next) return;
    this.#next *= 2;
    this.#ask();
  }
}
