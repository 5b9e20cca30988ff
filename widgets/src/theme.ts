export type Theme = "light" | "dark";

/** The theme of the page around us: JupyterLab's, VS Code's or Colab's word, else the system's. */
export function pageTheme(): Theme {
  const { body, documentElement } = document;
  const jupyter = body.dataset["jpThemeLight"] ?? documentElement.dataset["jpThemeLight"];
  if (jupyter !== undefined) return jupyter === "false" ? "dark" : "light";
  const kind = body.dataset["vscodeThemeKind"] ?? body.className;
  if (/vscode-(high-contrast-)?light/.test(kind)) return "light";
  if (/vscode-(dark|high-contrast)/.test(kind)) return "dark";
  const colab = documentElement.getAttribute("theme");
  if (colab === "dark" || colab === "light") return colab;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Keeps `data-mlm-theme` of the root right, and tells those who draw on a canvas when it changed. */
export function followTheme(root: HTMLElement, onChange: () => void, signal: AbortSignal): void {
  const apply = (): void => {
    root.dataset["mlmTheme"] = pageTheme();
    onChange();
  };
  const observer = new MutationObserver(apply);
  const attributes = [
    "class",
    "theme",
    "data-jp-theme-light",
    "data-jp-theme-name",
    "data-vscode-theme-kind",
  ];
  for (const node of [document.body, document.documentElement]) {
    observer.observe(node, { attributeFilter: attributes });
  }
  // The attribute may change before the theme's style sheet is there, and the old one go after: colours count then.
  const sheets = new MutationObserver((records) => {
    const nodes = records.flatMap((record) => [...record.addedNodes, ...record.removedNodes]);
    if (nodes.some(isSheet)) apply();
  });
  for (const node of [document.body, document.head]) sheets.observe(node, { childList: true });
  signal.addEventListener("abort", () => sheets.disconnect());
  document.addEventListener("load", (event) => isSheet(event.target) && apply(), {
    capture: true,
    signal,
  });
  signal.addEventListener("abort", () => observer.disconnect());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply, { signal });
  apply();
}

function isSheet(node: unknown): boolean {
  return node instanceof HTMLLinkElement || node instanceof HTMLStyleElement;
}

export interface Palette {
  readonly ink: string;
  readonly soft: string;
  readonly faint: string;
  readonly line: string;
  readonly ground: string;
  readonly raised: string;
  readonly train: string;
  readonly blue: string;
  readonly orange: string;
  readonly font: string;
}

/** The style sheet's variables as a canvas can use them. */
export function readPalette(node: HTMLElement): Palette {
  const probe = document.createElement("span");
  node.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const palette = {
    ink: colour("ink"),
    soft: colour("soft"),
    faint: colour("faint"),
    line: colour("line"),
    ground: colour("ground"),
    raised: colour("raised"),
    train: colour("train"),
    blue: colour("blue"),
    orange: colour("orange"),
    font: getComputedStyle(probe).fontFamily,
  };
  probe.remove();
  return palette;
}
