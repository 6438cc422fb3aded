/** The requests in the logs of Keystone and Neutron. */
import { expect } from 'vitest';
import type { Cloud } from './cloud.ts';

/** `calls`: those of the actions; `renewals`: those that renew what Novella caches. Sorted. */
export interface LoggedCalls {
  calls: string[];
  renewals: string[];
}

const uuid = /[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}/g;

/** Networks, subnets and agents, read with the service's rights; and token checks. */
const remembered = [
  /^service GET (agents|networks\?id|subnets\?network_id)$/,
  /^GET auth\/tokens\?nocatalog$/,
];

/**
 * The requests that both services got from Novella while `act` ran. Example of a call: `user GET
 * ports/{id}`, `service GET ports?device_id`.
 */
export async function callsDuring(cloud: Cloud, act: () => Promise<void>): Promise<LoggedCalls> {
  const { openstack } = cloud;
  await settled(cloud);
  const from = {
    neutron: openstack.logs('neutron').length,
    keystone: openstack.logs('keystone').length,
  };
  await act();
  await settled(cloud);
  const users = await userIds(cloud);
  const all = [
    ...neutronCalls(openstack.logs('neutron').slice(from.neutron), users),
    ...keystoneCalls(openstack.logs('keystone').slice(from.keystone)),
  ].toSorted();
  const isRenewal = (call: string) => remembered.some((pattern) => pattern.test(call));
  return { calls: all.filter((call) => !isRenewal(call)), renewals: all.filter(isRenewal) };
}

/** A line may be written just after its answer: it exists when that of a later call does. */
async function settled(cloud: Cloud): Promise<void> {
  const last = `last-${performance.now()}`;
  await cloud.neutron('admin', 'GET', `/networks?name=${last}`);
  await expect.poll(() => cloud.openstack.logs('neutron'), { timeout: 30_000 }).toContain(last);
}

async function userIds(cloud: Cloud): Promise<Record<string, string>> {
  const users = await cloud.openstack.json('admin', 'user', 'list');
  const idOf = (name: string) => users.find((user: { Name: string }) => user.Name === name).ID;
  return { [idOf('alice')]: 'user', [idOf('service')]: 'service' };
}

/**
 * Of a line `… [None req-1 USER PROJECT - - default default] 127.0.0.1 "GET /v2.0/ports?id=…
 * HTTP/1.1" …`.
 */
function neutronCalls(log: string, users: Record<string, string>): string[] {
  const line = /\[\S+ \S+ (\S+) [^\]]*\] \S+ "(\w+) \/v2\.0\/(\S+) HTTP/g;
  return [...log.matchAll(line)].flatMap(([, user = '', method = '', path = '']) => {
    const who = users[user];
    return who === undefined ? [] : [`${who} ${method} ${kindOf(path)}`];
  });
}

/** Of a line `novella "GET /v3/auth/tokens?nocatalog" 200`. */
function keystoneCalls(log: string): string[] {
  const line = /^novella "(\w+) \/v3\/(\S+)" \d+/gm;
  return [...log.matchAll(line)].map(([, method = '', path = '']) => `${method} ${path}`);
}

/** Example: `ports?id=5f…&id=60…` → `ports?id`. */
function kindOf(path: string): string {
  const [bare = '', query] = path.replaceAll(uuid, '{id}').split('?');
  const keys = new Set([...new URLSearchParams(query).keys()]);
  return query === undefined ? bare : `${bare}?${[...keys].join('&')}`;
}
