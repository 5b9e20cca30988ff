import assert from "node:assert/strict";
import { test } from "node:test";
import { SCENES } from "../demo/scenes";
import type { Message } from "../src/protocol";
import { Store } from "../src/store";

const { state } = SCENES["running"]!.at(0);
const snapshot: Message = { type: "snapshot", state, log: { keep: 0, lines: [] }, curves: [] };
const line = (text: string) => ({ time: 0, level: "info" as const, text });

test("a patch before the first snapshot is ignored", () => {
  const store = new Store();
  store.apply({ type: "patch", state: { phase: "evaluating" }, curves: [] }, []);
  assert.equal(store.ready, false);
  assert.equal(store.takeChanged().size, 0);
});

test("a patch replaces the keys that it gives and no other", () => {
  const store = new Store();
  store.apply(snapshot, []);
  store.takeChanged();
  store.apply({ type: "patch", state: { phase: "evaluating", best: null }, curves: [] }, []);
  assert.equal(store.state.phase, "evaluating");
  assert.equal(store.state.name, "report");
  assert.deepEqual([...store.takeChanged()], ["phase", "best"]);
});

test("the log keeps its front and grows at its end", () => {
  const store = new Store();
  store.apply({ ...snapshot, log: { keep: 0, lines: [line("a"), line("b")] } }, []);
  store.apply({ type: "patch", state: {}, log: { keep: 1, lines: [line("c")] }, curves: [] }, []);
  assert.deepEqual(
    store.log.map(({ text }) => text),
    ["a", "c"],
  );
});

test("a snapshot replaces everything", () => {
  const store = new Store();
  const curve = {
    metric: "loss",
    series: "train",
    grain: "unit" as const,
    keep: 0,
    count: 1,
    buffer: 0,
  };
  store.apply({ ...snapshot, curves: [curve] }, [Float64Array.of(1, 2).buffer]);
  store.apply(snapshot, []);
  assert.deepEqual(store.curves, []);
  assert.ok(store.takeChanged().has("curves"));
});

test("the clock counts from the last progress, not from the last message", () => {
  let now = 100;
  const store = new Store(() => now);
  store.apply(snapshot, []);
  now = 103;
  store.apply({ type: "patch", state: { phase: "evaluating" }, curves: [] }, []);
  assert.equal(store.since(), 3);
  store.apply({ type: "patch", state: { progress: state.progress }, curves: [] }, []);
  assert.equal(store.since(), 0);
});

test("a run whose kernel went is interrupted, and there again when the kernel speaks", () => {
  const store = new Store();
  store.apply(snapshot, []);
  store.takeChanged();
  store.lose();
  assert.deepEqual(
    [store.state.status, store.state.stopBy, store.alive],
    ["interrupted", "none", false],
  );
  assert.ok(store.takeChanged().has("status"));
  store.apply(snapshot, []);
  assert.equal(store.alive, true);
});
