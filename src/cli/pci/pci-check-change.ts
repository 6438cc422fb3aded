/**
 * The part of a dry run that compares with a controller: what would appear, what would be lost and
 * to whom.
 */
import type { ChangeView } from '#client/shapes/pci-check.ts';
import { wrap } from '../terminal/wrap.ts';

interface ChangeStyle {
  /** Of servers, by id. */
  names: ReadonlyMap<string, string>;
  heading: (text: string) => string;
}

/** Devices that a server holds have a line each; the free ones are listed. */
export function changeLines(change: ChangeView, { names, heading }: ChangeStyle): string[] {
  const { host, appearing, lost, retagged, kept } = change;
  const held = lost.filter(({ instance_uuid: id }) => id !== null);
  const free = lost.filter(({ instance_uuid: id }) => id === null);
  const holder = (id: string | null) => holderText(id, names);
  return [
    heading(`Compared with what the controller has of ${host}`),
    `  unchanged: ${kept - retagged.length}`,
    ...addressLines('would appear', appearing),
    ...addressLines(
      'would be lost',
      free.map(({ address }) => address),
    ),
    ...held.map(
      ({ address, status, instance_uuid: id }) =>
        `  WOULD BE LOST: ${address}, ${status} to ${holder(id)}`,
    ),
    ...retagged.flatMap(({ address, instance_uuid: id, safe, tags }) =>
      wrap(
        `${safe ? 'other tags' : 'WOULD CHANGE IN USE'}: ${address}: ${tagText(tags)}${id === null ? '' : `; held by ${holder(id)}`}`,
        '  ',
      ),
    ),
  ];
}

function addressLines(what: string, addresses: readonly string[]): string[] {
  if (addresses.length === 0) return [];
  return wrap(`${what}: ${addresses.length} (${addresses.join(', ')})`, '  ');
}

function tagText(tags: ChangeView['retagged'][number]['tags']): string {
  return Object.entries(tags)
    .map(([tag, { from, to }]) => `${tag} ${from ?? 'none'} → ${to ?? 'none'}`)
    .join(', ');
}

/** Example: `server web (6d0f5f54-3f0c-4b8e-9f6c-0f5b4f8f7a10)`. */
function holderText(id: string | null, names: ReadonlyMap<string, string>): string {
  const name = names.get(id ?? '');
  return name === undefined ? `server ${id}` : `server ${name} (${id})`;
}
