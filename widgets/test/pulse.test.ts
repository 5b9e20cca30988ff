import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Pulse } from "../src/pulse";

test("a silent kernel is asked, less and less often, while a run is alive", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  const [end, asked] = [new AbortController(), [] as number[]];
  let now = 0;
  const pulse = new Pulse(() => asked.push(now), end.signal);
  const pass = (seconds: number): void => {
    for (let i = 0; i < seconds; i++, mock.timers.tick(1000)) now += 1;
  };
  pass(20);
  assert.deepEqual(asked, [], "nothing is known of any run");
  pulse.heard(true);
  pass(4);
  pulse.heard(true);
  now = 0;
  pass(45);
  assert.deepEqual(asked, [5, 10, 20, 40]);
  pulse.heard(false);
  pass(20);
  pulse.ask();
  assert.equal(asked.length, 4, "what is over is left alone");
  end.abort();
  pulse.heard(true);
  pass(20);
  assert.equal(asked.length, 4);
  mock.timers.reset();
});
