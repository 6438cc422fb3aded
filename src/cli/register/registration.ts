/**
 * What Keystone's catalog needs so that clients find this compute API. Pure: the current state, the
 * required state, the steps.
 */
import type { Endpoint } from '#client/identity/catalog.ts';
import { ComputeError } from '#core/errors.ts';

export const interfaces = ['public', 'internal', 'admin'] as const;
export type Interface = (typeof interfaces)[number];

export type RegistrationStep =
  | { act: 'keep' | 'add'; interface: Interface; url: string }
  | { act: 'change'; interface: Interface; url: string; id: string; before: string };

export interface WantedRegistration {
  /** Example: `http://controller:8774/v2.1`. */
  url: string;
  region: string;
  /** May an endpoint that leads elsewhere be changed? */
  replace: boolean;
}

/**
 * One step for each interface; all are `keep` when nothing is to be done. An endpoint of another
 * region is left alone. Throws `conflict` naming an endpoint that leads elsewhere, unless it may be
 * replaced: it may be a Nova in use.
 */
export function planRegistration(
  existing: readonly Endpoint[],
  { url, region, replace }: WantedRegistration,
): RegistrationStep[] {
  const ofRegion = existing.filter((endpoint) => endpoint.region_id === region);
  const steps = interfaces.map((name): RegistrationStep => {
    const found = ofRegion.find((endpoint) => endpoint.interface === name);
    if (found === undefined) return { act: 'add', interface: name, url };
    if (found.url === url) return { act: 'keep', interface: name, url };
    return { act: 'change', interface: name, url, id: found.id, before: found.url };
  });
  const taken = steps.find((step) => step.act === 'change');
  if (taken === undefined || replace) return steps;
  throw new ComputeError(
    'conflict',
    `the ${taken.interface} compute endpoint of region ${region} is ${taken.before}; ` +
      '--replace changes it to this one, and clients then use Novella',
  );
}

/** Example: `add     public    http://controller:8774/v2.1`. */
export function stepText(step: RegistrationStep): string {
  const before = step.act === 'change' ? `  (was ${step.before})` : '';
  return `${step.act.padEnd(7)} ${step.interface.padEnd(9)} ${step.url}${before}`;
}
