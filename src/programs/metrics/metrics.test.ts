/** What Prometheus reads of a cloud in which one boot succeeds and another is refused. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { freePorts, parseConfig } from '#programs/config/config.ts';
import { type AllInOne, startAllInOne } from '#programs/up/up.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { Cloud } from '#test/worlds/cloud.ts';

let state: ReturnType<typeof temporaryDirectory>;
let running: AllInOne;
const start = (text: string) => {
  const config = parseConfig(text, 'novella.yaml');
  return startAllInOne({ ...config, stateDir: state.path, ports: freePorts });
};
beforeEach(async () => {
  state = temporaryDirectory();
  running = await start('metrics: { port: 0 }');
});
afterEach(async () => {
  await running.stop();
  state.remove();
});

/** By name and labels. Example: `novella_hosts{state="up",enabled="true"}` → 2. */
async function scraped(): Promise<Map<string, number>> {
  const reply = await fetch(running.urls.metrics ?? '');
  expect(reply.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  const lines = (await reply.text()).split('\n').filter((line) => /^\w/.test(line));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end))];
    }),
  );
}

test('hosts, free devices, workflows with their steps, commits, calls and requests are counted', async () => {
  const cloud = await Cloud.at(running);
  const red = await cloud.network('red');
  const before = await scraped();
  const id = await cloud.boot([{ port: await cloud.port(red, 'direct') }]);
  await cloud.settled(id, 'ACTIVE');
  const missing = { port: '00000000-0000-4000-8000-000000000000' };
  await cloud.send('compute', 'POST', '/servers', {
    body: { server: { name: 'x', flavorRef: '1', networks: [missing] } },
  });
  const after = await scraped();
  const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  expect(after.get('novella_hosts{state="up",enabled="true"}')).toBe(2);
  expect(grown('novella_workflows_total{workflow="boot",outcome="ok"}')).toBe(1);
  expect(grown('novella_step_seconds_count{step="spawn",result="ok"}')).toBe(1);
  expect(grown('novella_step_seconds_count{step="schedule",result="ok"}')).toBe(1);
  expect(grown('novella_commit_seconds_count{result="committed"}')).toBeGreaterThan(0);
  const bound =
    'novella_service_call_seconds_count{service="network",call="updatePort",result="answered"}';
  expect(grown(bound)).toBe(1);
  const posted = 'novella_http_request_seconds_count{service="compute",method="POST",status=';
  expect(grown(`${posted}"2xx"}`)).toBe(1);
  expect(grown(`${posted}"4xx"}`)).toBe(1);
  const free = [...after].filter(([name]) =>
    /^novella_free_devices.*"physnet1".*"type-VF"/.test(name),
  );
  expect(free.reduce((sum, [, count]) => sum + count, 0)).toBe(7);
  expect([...after.keys()]).toContainEqual(expect.stringMatching(/^nodejs_eventloop_lag_p99/));
});

/** Of the VFs of guests, by metric without its prefix. */
function vfSeries(all: Map<string, number>): Record<string, number> {
  const entries = [...all].filter(([name]) => name.startsWith('novella_vf_'));
  return Object.fromEntries(
    entries.map(([name, value]) => [name.replace(/^novella_vf_(\w+)_total.*/, '$1'), value]),
  );
}

test('the traffic of a guest’s VF is shown with its owner, until the server is gone', async () => {
  const cloud = await Cloud.at(running);
  const port = await cloud.port(await cloud.network('red'), 'direct');
  const id = await cloud.boot([{ port }]);
  const server = await cloud.settled(id, 'ACTIVE');
  await running.hosts.refresh();
  const all = await scraped();
  const [name = ''] = [...all.keys()].filter((each) => each.startsWith('novella_vf_sent_packets'));
  const labels = Object.fromEntries(
    [...name.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
  );
  expect(labels).toEqual({
    host: server['OS-EXT-SRV-ATTR:host'],
    address: expect.stringMatching(/^0000:/),
    physical_network: 'physnet1',
    server_id: id,
    project_id: server['tenant_id'],
    port_id: port,
  });
  const packets = all.get(name) ?? 0;
  expect(packets).toBeGreaterThan(0);
  expect(vfSeries(all)).toEqual({
    ...{ received_bytes: packets * 64, received_packets: packets, received_drops: 0 },
    ...{ sent_bytes: packets * 64, sent_packets: packets, sent_drops: 0 },
  });
  expect(all.get('novella_vfs_left_out')).toBe(0);
  await cloud.send('compute', 'DELETE', `/servers/${id}`);
  await cloud.gone(id);
  expect(vfSeries(await scraped())).toEqual({});
});

test.each([
  { most: 1, shown: 6, leftOut: 1 },
  { most: 0, shown: 0, leftOut: 0 },
])('with metrics.vfs: $most, of two VFs $leftOut is left out', async ({ most, shown, leftOut }) => {
  await running.stop();
  running = await start(`metrics: { port: 0, vfs: ${most} }`);
  const cloud = await Cloud.at(running);
  const red = await cloud.network('red');
  const nics = [
    { port: await cloud.port(red, 'direct') },
    { port: await cloud.port(red, 'direct') },
  ];
  await cloud.settled(await cloud.boot(nics), 'ACTIVE');
  await running.hosts.refresh();
  const all = await scraped();
  expect([...all.keys()].filter((name) => name.startsWith('novella_vf_'))).toHaveLength(shown);
  expect(all.get('novella_vfs_left_out')).toBe(leftOut);
});

const fileOf = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test('each of our metrics is described in docs/monitoring.md, and no other', async () => {
  const text = await (await fetch(running.urls.metrics ?? '')).text();
  const ours = [...text.matchAll(/^# TYPE (novella_\w+) /gm)].map(([, name]) => name);
  const described = [...fileOf('docs/monitoring.md').matchAll(/^\| `(novella_\w+)`/gm)];
  expect(new Set(described.map(([, name]) => name))).toEqual(new Set(ours));
});

test.each(['alerts.yml', 'grafana-dashboard.json'])('%s names metrics that exist', async (file) => {
  const text = await (await fetch(running.urls.metrics ?? '')).text();
  const series = new Set([...text.matchAll(/^(\w+)/gm)].map(([, name]) => name));
  const histograms = [...text.matchAll(/^# TYPE (\w+) histogram/gm)].flatMap(([, name]) =>
    ['bucket', 'count', 'sum'].map((end) => `${name}_${end}`),
  );
  const known = new Set([
    ...series,
    ...histograms,
    ...[...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name),
  ]);
  const content = fileOf(`examples/monitoring/${file}`);
  const named = content.match(/\b(?:novella|nodejs|process)_\w+/g) ?? [];
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});
