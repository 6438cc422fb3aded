/** How devices are shown: a letter, a word and a colour for each state. */
import { type Availability, availabilityLetters } from '#core/pci/fabric/availability.ts';

/** What a reader wants to know first: can I have it, who has it, is something wrong? */
export type Kind = 'free' | 'claimed' | 'held' | 'blocked' | 'odd' | 'bad' | 'none';

export interface DeviceState {
  letter: string;
  word: string;
  kind: Kind;
  meaning: string;
}

const described: Record<Availability, Omit<DeviceState, 'letter'>> = {
  free: { word: 'free', kind: 'free', meaning: 'can be given to a server' },
  claimed: { word: 'claimed', kind: 'claimed', meaning: 'chosen for a server that is starting' },
  held: { word: 'held', kind: 'held', meaning: 'a server has it' },
  'pf-taken': { word: 'PF held', kind: 'blocked', meaning: 'its whole PF is held' },
  'vfs-taken': { word: 'VF held', kind: 'blocked', meaning: 'a PF, of which a VF is held' },
  missing: { word: 'missing', kind: 'odd', meaning: 'held, but its host no longer reports it' },
  replaced: { word: 'replaced', kind: 'odd', meaning: 'held, but another device is in its place' },
  quarantined: { word: 'quarantined', kind: 'bad', meaning: 'must not be given to a server' },
  'not-offered': { word: 'not offered', kind: 'none', meaning: 'no device spec admits it' },
};

/** By word of the API. */
export const deviceStates = Object.fromEntries(
  Object.entries(described).map(([name, state]) => [
    name,
    { ...state, letter: availabilityLetters[name as Availability] },
  ]),
) as Record<Availability, DeviceState>;

const byLetter = new Map(Object.values(deviceStates).map((state) => [state.letter, state]));

export function stateOfLetter(letter: string): DeviceState {
  return byLetter.get(letter) ?? deviceStates['not-offered'];
}
