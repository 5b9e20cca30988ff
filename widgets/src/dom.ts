/** An element with a class and children; strings become text nodes, so data is never read as markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

export function button(
  label: string,
  onClick: () => void,
  className = "mlm-button",
): HTMLButtonElement {
  const node = element("button", className, label);
  node.type = "button";
  node.addEventListener("click", onClick);
  return node;
}

/** Writes only what differs: a text node that stays keeps the reader's selection. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttributes(node: Element, attributes: Record<string, string | null>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) node.removeAttribute(name);
    else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
}

/** Lumino takes keys at the document before the page does, unless the element asks for them. */
export function keepKeys(node: HTMLElement): void {
  node.setAttribute("data-lm-suppress-shortcuts", "true");
}

let serial = 0;
/** An id for aria references, one of a kind among all views of a page. */
export function uniqueId(what: string): string {
  return `mlm-${what}-${++serial}`;
}
