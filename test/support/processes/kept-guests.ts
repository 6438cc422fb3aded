/** The guests of simulated hosts, read from outside of the process that keeps them. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Guest } from '#core/guests/description/guest.ts';
import { KeptGuests } from '#integrations/simulated/kept-guests.ts';

interface KeptGuest {
  guest: Guest;
  state: string;
  /** Of NICs that its running guest does not have. */
  offPorts?: string[];
}

/** Those in the folder `guests` of a host. */
export function keptGuests(folder: string): KeptGuest[] {
  return new KeptGuests<KeptGuest>({ folder, isWhole: () => true }).values();
}

/** A guest, on whichever host of this cloud it is. Throws where it is on none. */
export function keptGuest({ cloudsYaml }: { cloudsYaml: string }, id: string): KeptGuest {
  const hosts = join(dirname(cloudsYaml), 'hosts');
  const all = readdirSync(hosts).flatMap((host) => keptGuests(join(hosts, host, 'guests')));
  const found = all.find(({ guest }) => guest.id === id);
  if (found === undefined) throw new Error(`guest ${id}: on no host`);
  return found;
}
