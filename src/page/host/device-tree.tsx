/**
 * The devices of a host: NUMA node, card, PF, and its VFs as cells. One stop of the Tab key; arrow
 * keys move as the cells stand, and the letter of a state moves to the next device in it.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FunctionNode, NumaNodeView } from '#client/shapes/host-tree.ts';
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import { deviceStates } from '../parts/device-state.ts';
import { functionsOf, shortName } from './tree-functions.ts';
import { itemFor } from './tree-keys.ts';

type PfView = NumaNodeView['cards'][number]['pfs'][number];

interface DeviceTreeProps {
  host: string;
  tree: OperatorReply<'GET /hosts/:name'>;
  /** The address of a device; '' for none. */
  selected: string;
  onSelect: (address: string) => void;
}

interface Context {
  selected: string;
  /** The item that the Tab key reaches. */
  reached: string;
  /** The server that holds the selected device. */
  server: string | null;
}

export function DeviceTree({ host, tree, selected, onSelect }: DeviceTreeProps) {
  const box = useRef<HTMLUListElement>(null);
  const functions = functionsOf(tree);
  const [focused, setFocused] = useState(selected);
  useEffect(() => setFocused(selected), [selected]);
  const isThere = functions.some(({ address }) => address === focused);
  const context: Context = {
    selected,
    reached: isThere ? focused : (functions[0]?.address ?? ''),
    server: functions.find(({ address }) => address === selected)?.holder?.server_id ?? null,
  };
  const addressOf = (target: EventTarget | null) =>
    (target as Element | null)?.closest<HTMLElement>('[data-address]')?.dataset['address'];
  const onKeyDown = (event: KeyboardEvent) => {
    const address = addressOf(event.target);
    if (address === undefined || box.current === null) return;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      onSelect(address);
      return;
    }
    const item = itemFor(event.key, box.current, address);
    if (item === undefined) return;
    event.preventDefault();
    setFocused(item.dataset['address'] ?? '');
    item.focus();
  };
  return (
    <ul
      class="tree"
      role="tree"
      aria-label={`Devices of ${host}`}
      ref={box}
      onKeyDown={onKeyDown}
      onClick={({ target }) => {
        const address = addressOf(target);
        if (address !== undefined) onSelect(address);
      }}
      onFocusIn={({ target }) => setFocused(addressOf(target) ?? '')}
    >
      {tree.numa_nodes.map((node) => (
        <NodeItem key={String(node.node)} node={node} context={context} />
      ))}
    </ul>
  );
}

function NodeItem({ node, context }: { node: NumaNodeView; context: Context }) {
  const { node: id, cpus, memory_mb: memory, cards, plain } = node;
  const name = id === null ? 'No NUMA node reported' : `NUMA node ${id}`;
  return (
    <li role="none" class="node">
      <p role="treeitem" aria-level={1} class="node-name">
        {name}{' '}
        {cpus > 0 && (
          <span class="muted">
            {cpus} CPUs, {Math.round(memory / 102.4) / 10} GiB
          </span>
        )}
      </p>
      {cards.length + plain.length === 0 && <p class="muted">No device.</p>}
      <ul role="group">
        {cards.map(({ slot, serial_number: serial, pfs }) => (
          <li key={slot} role="none" class="card">
            <p role="treeitem" aria-level={2} class="card-name">
              Card <code>{slot}</code>
              {serial !== null && <span class="muted"> serial number {serial}</span>}
            </p>
            <ul role="group">
              {pfs.map((pf) => (
                <PfItem key={pf.address} pf={pf} context={context} />
              ))}
            </ul>
          </li>
        ))}
        {plain.length > 0 && (
          <li role="none" class="card">
            <p role="treeitem" aria-level={2} class="card-name">
              Without SR-IOV
            </p>
            <ul role="group" class="cells">
              {plain.map((fn) => (
                <Cell key={fn.address} fn={fn} level={3} context={context} />
              ))}
            </ul>
          </li>
        )}
      </ul>
    </li>
  );
}

function PfItem({ pf, context }: { pf: PfView; context: Context }) {
  const { address, ifname, link, self, vfs } = pf;
  const networks = new Set(vfs.map(({ physical_network: network }) => network));
  networks.delete(null);
  const state = deviceStates[self?.availability ?? 'not-offered'];
  return (
    <li role="none" class="pf">
      <p
        role="treeitem"
        aria-level={3}
        aria-selected={context.selected === address}
        class="pf-name"
        data-address={address}
        data-letter={state.letter}
        tabIndex={context.reached === address ? 0 : -1}
      >
        <span class="cell" data-kind={state.kind} aria-hidden="true">
          {state.letter}
        </span>
        <span class="visually-hidden">PF, itself {state.word},</span>
        <strong>{ifname ?? address}</strong>
        {ifname !== null && <code class="muted">{address}</code>}
        {networks.size > 0 && <span>{[...networks].join(', ')}</span>}
        {link !== null && <span class={link === 'down' ? 'alarm' : 'muted'}>link {link}</span>}
        <span class="muted">{freeText(vfs)}</span>
      </p>
      <ul role="group" class="cells">
        {vfs.map((fn) => (
          <Cell key={fn.address} fn={fn} level={4} context={context} />
        ))}
      </ul>
    </li>
  );
}

function freeText(vfs: readonly FunctionNode[]): string {
  if (vfs.length === 0) return 'no VFs';
  const count = (state: FunctionNode['availability']) =>
    vfs.filter(({ availability }) => availability === state).length;
  const offered = vfs.length - count('not-offered');
  return offered === 0 ? 'its VFs are not offered' : `${count('free')} of ${offered} VFs free`;
}

function Cell({ fn, level, context }: { fn: FunctionNode; level: number; context: Context }) {
  const { address, availability, holder } = fn;
  const { letter, word, kind } = deviceStates[availability];
  const by = holder === null ? '' : ` by ${holder.server_name ?? holder.server_id}`;
  const text = `${shortName(fn)}, ${address}: ${word}${by}`;
  const isSame = context.server !== null && holder?.server_id === context.server;
  return (
    <li
      role="treeitem"
      class="cell"
      aria-level={level}
      aria-label={text}
      aria-selected={context.selected === address}
      title={text}
      data-kind={kind}
      data-letter={letter}
      data-address={address}
      data-same={isSame}
      tabIndex={context.reached === address ? 0 : -1}
    >
      {letter}
    </li>
  );
}
