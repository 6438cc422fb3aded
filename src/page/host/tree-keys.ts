/** Where a key leads in the tree of devices. */

/** undefined: the key is not one of the tree's. */
export function itemFor(key: string, tree: Element, address: string): HTMLElement | undefined {
  const items = [...tree.querySelectorAll<HTMLElement>('[data-address]')];
  const at = items.findIndex((item) => item.dataset['address'] === address);
  const here = items[at];
  if (here === undefined) return undefined;
  switch (key) {
    case 'ArrowRight':
      return items[at + 1] ?? here;
    case 'ArrowLeft':
      return items[at - 1] ?? here;
    case 'ArrowDown':
      return nextLine(items.slice(at + 1), here, 1) ?? here;
    case 'ArrowUp':
      return nextLine(items.slice(0, at).toReversed(), here, -1) ?? here;
    case 'Home':
      return items[0];
    case 'End':
      return items.at(-1);
    default:
      return key.length === 1 ? withLetter(key, items, at) : undefined;
  }
}

/** The nearest item of the next line in this direction. `items`: the nearest line first. */
function nextLine(items: HTMLElement[], here: HTMLElement, direction: 1 | -1) {
  const from = placeOf(here);
  const others = items.map((item) => ({ item, ...placeOf(item) }));
  const beyond = others.filter(({ y }) => (y - from.y) * direction > 4);
  const line = beyond.filter(({ y }) => Math.abs(y - (beyond[0]?.y ?? 0)) < 4);
  const distance = ({ x }: { x: number }) => Math.abs(x - from.x);
  return line.sort((one, other) => distance(one) - distance(other))[0]?.item;
}

function placeOf(item: HTMLElement): { x: number; y: number } {
  const { left, top } = item.getBoundingClientRect();
  return { x: left, y: top };
}

/** The next device in this state, from the first on behind the last. */
function withLetter(letter: string, items: HTMLElement[], at: number): HTMLElement | undefined {
  const around = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  return around.find((item) => item.dataset['letter'] === letter);
}
