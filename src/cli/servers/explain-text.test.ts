import { expect, test } from 'vitest';
import { explainLines, whyLines } from './explain-text.ts';
import type { DecisionView, ExplainReply } from '#client/shapes/explain.ts';

const decision: DecisionView = {
  attempt: 1,
  decided_at: '2026-01-02T03:04:05Z',
  chosen: 'a',
  candidates: [],
  rejections: [],
  devices: [],
};
const candidate = (host: string, weight: number) => ({ host, weight, weights: { ram: weight } });

test('hosts of equal weight are reported as equal, with the reason for the order', () => {
  const candidates = [candidate('a', 1), candidate('b', 1), candidate('c', 0.5)];
  expect(whyLines({ ...decision, candidates })).toEqual([
    'CANDIDATE  WEIGHT  MADE OF',
    'a            1.00  ram 1.00',
    'b            1.00  ram 1.00',
    'c            0.50  ram 0.50',
    '2 hosts weigh the same; hosts of equal weight are tried by name',
  ]);
});

test('a long list of refusals is cut, with the number of those that follow', () => {
  const rejections = Array.from({ length: 13 }, (_, at) => ({
    host: `host-${at}`,
    filter: 'resources',
    reasons: [{ code: 'cpu', message: 'vcpus: 0 of 1 free' }],
  }));
  const lines = whyLines({ ...decision, rejections });
  expect(lines).toHaveLength(12);
  expect(lines.at(-1)).toBe('and 3 more; --json has them all');
});

test('a decision without candidates and refusals prints nothing', () => {
  expect(whyLines(decision)).toEqual([]);
});

test.each([
  { status: 'BUILD', nic: '0  vnic type not known yet  no MAC yet  network n1  not bound' },
  { status: 'ERROR', nic: '0  vnic type not known  no MAC  network n1  not bound' },
])('what a NIC lacks in $status', ({ status, nic }) => {
  const unbound = {
    position: 0,
    network_id: 'n1',
    port_id: null,
    vnic_type: null,
    vif_type: null,
    mac_address: null,
    pci_request_id: null,
    pci_slot: null,
    physical_network: null,
    binding_profile: null,
  };
  const reply: ExplainReply = {
    server: { id: 's1', name: 'web', status, host: null, fault: null },
    decisions: [],
    nics: [unbound],
    pci_requests: [],
    devices: [],
    spawn_steps: [],
    live_move: null,
    domain_xml: null,
  };
  expect(explainLines(reply).at(-1)?.trim()).toBe(`${nic}, takes no device`);
});

test('the plan of a live migration is shown line by line', () => {
  const plan = ['Its processors pause once.', 'Port p stays connected.'];
  const reply: ExplainReply = {
    server: { id: 's1', name: 'web', status: 'ACTIVE', host: 'host-2', fault: null },
    ...{
      decisions: [],
      nics: [],
      pci_requests: [],
      devices: [],
      spawn_steps: [],
      domain_xml: null,
    },
    live_move: { planned_at: '2026-11-30T12:00:00Z', plan },
  };
  expect(explainLines(reply).slice(-3)).toEqual([
    'Live migration, planned 2026-11-30T12:00:00Z',
    ...plan.map((line) => `  ${line}`),
  ]);
});
