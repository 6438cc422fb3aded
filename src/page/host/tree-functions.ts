/** The functions of a host's tree in the order in which they are shown. */
import type { FunctionNode } from '#client/shapes/host-tree.ts';
import type { OperatorReply } from '#client/shapes/operator-replies.ts';

const known = new WeakMap<object, FunctionNode[]>();

export function functionsOf(tree: OperatorReply<'GET /hosts/:name'>): FunctionNode[] {
  const made = known.get(tree);
  if (made !== undefined) return made;
  const functions = tree.numa_nodes.flatMap(({ cards, plain }) => [
    ...cards.flatMap(({ pfs }) =>
      pfs.flatMap(({ self, vfs }) => (self === null ? vfs : [self, ...vfs])),
    ),
    ...plain,
  ]);
  known.set(tree, functions);
  return functions;
}

/** Example: `VF 3`; without a number, its address. */
export function shortName({ number, address, ifname }: FunctionNode): string {
  return number === null ? (ifname ?? address) : `VF ${number}`;
}
