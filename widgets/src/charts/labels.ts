/** Where words go beside lines. Pure, in pixels. */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Centres as near as may be to where they want to be, at least `gap` apart, between `low` and `high`. */
export function spread(
  wanted: readonly number[],
  gap: number,
  low: number,
  high: number,
): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
  const placed = settle(
    order.map((i) => wanted[i]!),
    gap,
  );
  const overhang = Math.max(0, (placed.at(-1) ?? 0) - high);
  const room = Math.min(overhang, Math.max(0, (placed[0] ?? 0) - low));
  let floor = low;
  const result = new Array<number>(wanted.length);
  placed.forEach((y, rank) => {
    // What hangs over the lower edge moves up together; the upper edge then pushes down again.
    const last = high - gap * (placed.length - 1 - rank);
    const at = Math.max(floor, Math.min(y, room > 0 || overhang > 0 ? last : y));
    result[order[rank]!] = at;
    floor = at + gap;
  });
  return result;
}

/** Groups of neighbours that overlap share the middle of what they want. */
function settle(sorted: readonly number[], gap: number): number[] {
  const groups: { sum: number; count: number }[] = [];
  const top = (group: { sum: number; count: number }): number =>
    group.sum / group.count - ((group.count - 1) * gap) / 2;
  for (const y of sorted) {
    groups.push({ sum: y, count: 1 });
    for (let last = groups.at(-1)!, prior = groups.at(-2); prior; prior = groups.at(-2)) {
      if (top(last) - (top(prior) + (prior.count - 1) * gap) >= gap - 1e-9) break;
      groups.pop();
      prior.sum += last.sum;
      prior.count += last.count;
      last = prior;
    }
  }
  return groups.flatMap((group) =>
    Array.from({ length: group.count }, (_, i) => top(group) + i * gap),
  );
}

/** The box that least many points lie in; the first of equals. */
export function calmest(
  boxes: readonly Box[],
  points: Iterable<readonly [number, number]>,
): Box | null {
  const hits = boxes.map(() => 0);
  for (const [x, y] of points) {
    boxes.forEach((box, i) => {
      if (inside(box, x, y)) hits[i]!++;
    });
  }
  const fewest = Math.min(...hits);
  return boxes[hits.indexOf(fewest)] ?? null;
}

function inside(box: Box, x: number, y: number): boolean {
  return x >= box.left && x <= box.left + box.width && y >= box.top && y <= box.top + box.height;
}
