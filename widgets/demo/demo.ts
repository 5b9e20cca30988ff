import widget from "../src/index";
import { FakeModel } from "./fake-model";
import { SCENES } from "./scenes";

/** The dashboard without a notebook: `?scene=running&theme=dark&width=900` shows made-up runs. */
const query = new URLSearchParams(location.search);
const settings = {
  scene: { value: query.get("scene") ?? "live", choices: Object.keys(SCENES) },
  theme: { value: query.get("theme") ?? "light", choices: ["light", "dark"] },
  width: { value: query.get("width") ?? "900", choices: ["340", "480", "700", "900", "1200"] },
};

const nav = document.querySelector("nav")!;
nav.hidden = query.has("bare");
for (const [name, { value, choices }] of Object.entries(settings)) {
  const select = document.createElement("select");
  select.ariaLabel = name;
  select.append(...choices.map((choice) => new Option(choice, choice, false, choice === value)));
  select.addEventListener("change", () => {
    query.set(name, select.value);
    location.search = query.toString();
  });
  nav.append(select);
}

document.body.dataset["jpThemeLight"] = String(settings.theme.value === "light");
const cell = document.getElementById("cell")!;
cell.style.width = `${settings.width.value}px`;
const scene = SCENES[settings.scene.value];
if (scene) {
  const view = new AbortController();
  const model = new FakeModel(scene);
  widget.render({ model, el: cell, signal: view.signal });
  Object.assign(window, { demo: { model, view } });
}
