/** Draws at most once per animation frame, and not at all while nobody sees the page. */
export class Frame {
  #draw: () => void;
  #signal: AbortSignal;
  #pending = false;

  constructor(draw: () => void, signal: AbortSignal) {
    this.#draw = draw;
    this.#signal = signal;
    document.addEventListener("visibilitychange", () => this.#resume(), { signal });
  }

  request(): void {
    if (this.#pending || this.#signal.aborted) return;
    this.#pending = true;
    if (!document.hidden) requestAnimationFrame(() => this.#run());
  }

  #resume(): void {
    if (this.#pending && !document.hidden) requestAnimationFrame(() => this.#run());
  }

  #run(): void {
    if (!this.#pending || this.#signal.aborted) return;
    this.#pending = false;
    this.#draw();
  }
}
