import assert from "node:assert/strict";
import { test } from "node:test";
import { SCENES } from "../demo/scenes";
import { stopText, timeText, unitText, waitingText, whatText } from "../src/panels/header";
import { tilesOf } from "../src/panels/tiles";

const { state } = SCENES["running"]!.at(0);
const gpu = SCENES["gpu"]!.at(0).state;

test("the header's words", () => {
  assert.equal(unitText(state), "epoch 14 of 40");
  assert.equal(unitText({ ...state, progress: { ...state.progress, total: null } }), "epoch 14");
  const progress = { ...state.progress, elapsed: 72, remaining: 3 };
  assert.equal(timeText({ status: "running", progress }, 2), "1 m 14 s · 1 s left");
  assert.equal(
    timeText({ status: "running", progress: { ...progress, remaining: 9 } }, 12),
    "1 m 24 s · 1 s left",
  );
  assert.equal(
    timeText({ status: "running", progress }, 60),
    "no word from the kernel for 1 m 00 s",
  );
  assert.equal(timeText({ status: "stopped", progress }, 60), "1 m 12 s");
  assert.equal(waitingText({ position: 2, for: null, behind: [] }), "2nd in the queue");
  assert.equal(waitingText({ position: 1, for: "report", behind: [] }), "waiting for: report");
  assert.equal(
    waitingText({ position: 1, for: null, behind: ["report-1"] }),
    "1st in the queue, behind report-1",
  );
});

test("a click that nobody answers says what to do, and may be repeated", () => {
  const running = { status: "running", stopping: false, stopBy: "button" } as const;
  const keep = "Stop & keep best";
  assert.deepEqual(stopText(running, "no"), { label: keep, disabled: false, hint: "" });
  assert.deepEqual(stopText(running, "sent"), { label: "Stopping…", disabled: true, hint: "" });
  assert.deepEqual(stopText(running, "unanswered"), {
    label: keep,
    disabled: false,
    hint: "no answer: interrupt the kernel",
  });
  const heard = { ...running, stopping: true };
  assert.deepEqual(stopText(heard, "unanswered"), { label: "Stopping…", disabled: true, hint: "" });
  assert.equal(stopText({ ...running, status: "queued" }, "no").label, "Cancel");
});

test("where no click gets through there is no button, and where nothing runs no hint either", () => {
  const blocked = { status: "running", stopping: false, stopBy: "interrupt" } as const;
  assert.deepEqual(stopText(blocked, "no"), {
    label: "",
    disabled: true,
    hint: "to stop, interrupt the kernel",
  });
  const over = { status: "stopped", stopping: false, stopBy: "none" } as const;
  assert.deepEqual(stopText(over, "unanswered"), { label: "", disabled: true, hint: "" });
});

test("what trains, and on what", () => {
  assert.equal(whatText(state), "PyTorch · PenguinNet · 2 threads");
  assert.equal(whatText({ ...state, threads: 1 }), "PyTorch · PenguinNet · 1 thread");
  assert.equal(whatText({ ...state, threads: null }), "PyTorch · PenguinNet");
  assert.equal(whatText(gpu), "PyTorch · PenguinNet · NVIDIA H100 80GB HBM3");
});

test("a GPU at work is the last of six tiles", () => {
  const tiles = tilesOf(gpu);
  assert.equal(tiles.length, 6);
  const { label, value, note } = tiles[5]!;
  assert.deepEqual([label, value, note?.text], ["GPU", "63\u202f%", "12.3 of 80 GiB"]);
  assert.deepEqual(tiles.slice(0, 5), gpu.tiles.slice(0, 5));
});

test("of a GPU only what is known is shown, and none where there is none or nothing runs", () => {
  const memory = tilesOf(SCENES["gpu-memory"]!.at(0).state).at(-1)!;
  assert.deepEqual([memory.value, memory.note?.text], ["12.3 of 80 GiB", "NVIDIA H100 80GB HBM3"]);
  const named = { ...gpu.device!, utilisation: null, memoryUsed: null };
  for (const other of [
    { ...gpu, device: named },
    { ...gpu, device: null },
    { ...gpu, status: "success" as const },
  ])
    assert.equal(tilesOf(other), gpu.tiles);
});
