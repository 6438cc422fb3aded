import type { HypervisorChange } from '#contracts/host/hypervisor.ts';
import { aGuest } from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import type { DomainRow } from '../child/child-messages.ts';
import type { ChildEvent, LibvirtChild } from '../connection/child-process.ts';
import { Domains } from './domains.ts';
import { domainXml } from '../xml/domain-xml.ts';
import { GuestChanges } from './guest-changes.ts';

const ours = aGuest();
const rows: DomainRow[] = [
  {
    id: ours.id,
    name: ours.name,
    state: 1,
    isSaved: false,
    xml: domainXml(ours, { virtType: 'kvm', nicSources: {} }),
  },
  { id: 'theirs', name: 'theirs', state: 1, isSaved: false, xml: '<domain/>' },
];

/** A child that has these two domains and sends the events of the test. */
function aScriptedChild() {
  let say = (_news: ChildEvent): void => undefined;
  const child = {
    watch: (listener: (news: ChildEvent) => void) => {
      say = listener;
      return () => undefined;
    },
    call: async (_procedure: string, [id]: [string]) => rows.find((row) => row.id === id) ?? null,
  } as unknown as LibvirtChild;
  return { child, say: (news: ChildEvent) => say(news) };
}

test('events of our guests are reported in order as states, those of other domains are not', async () => {
  const { child, say } = aScriptedChild();
  const changes = new GuestChanges(child, new Domains(child));
  const reported: HypervisorChange[] = [];
  changes.watch((change) => reported.push(change));
  const happen = (id: string, event: number, detail = 0) =>
    say({ what: 'event', event: { what: 'lifecycle', id, event, detail } });
  happen('theirs', 2);
  happen(ours.id, 0);
  happen(ours.id, 0, 1);
  happen(ours.id, 2);
  happen(ours.id, 3);
  happen(ours.id, 6);
  happen(ours.id, 5, 4);
  say({ what: 'lost' });
  say({ what: 'back' });
  happen(ours.id, 5, 1);
  happen(ours.id, 1);
  happen('never-seen', 1);
  await expect
    .poll(() => reported.map((change) => (change.what === 'guest' ? change.state : change.what)))
    .toEqual(['shutOff', 'running', 'paused', 'saved', 'lost', 'back', 'shutOff', 'gone']);
});
