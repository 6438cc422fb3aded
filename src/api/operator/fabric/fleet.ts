/** All hosts with their devices in one answer, most of which is kept between requests. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { JsonText } from '#http/routes/json-text.ts';
import type { FabricView } from '#workflows/hosts/fabric-view.ts';
import { fleetHostText } from '../../fabric/fleet-host.ts';
import { vary } from '../../requests/negotiate.ts';
import type { Call, Reply } from '../../requests/route.ts';

const compress = promisify(gzip);

/** The last answer of each view: `hosts` in its JSON. */
interface Made {
  change: number;
  text: string;
  compressed?: Promise<Buffer>;
}

const lastMade = new WeakMap<FabricView, Made>();

/** `gzip` where the client accepts it. */
export async function showFleet({ context, request }: Call): Promise<Reply> {
  const { fabric } = context;
  await fabric.refresh();
  const made = madeOf(fabric);
  if (!acceptsGzip(request.headers['accept-encoding'])) return { body: new JsonText(made.text) };
  made.compressed ??= compress(made.text, { level: 5 });
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-encoding': 'gzip',
    vary: `${vary}, Accept-Encoding`,
  };
  return { body: await made.compressed, headers };
}

function madeOf(fabric: FabricView): Made {
  const { change, hosts } = fabric;
  const known = lastMade.get(fabric);
  if (known?.change === change) return known;
  const lines = hosts.map(fleetHostText).join(',');
  const made = { change, text: `{"change":${change},"hosts":[${lines}]}` };
  lastMade.set(fabric, made);
  return made;
}

function acceptsGzip(accepted: string | string[] | undefined): boolean {
  const names = String(accepted ?? '').split(',');
  return names.some((name) => /^\s*gzip\s*(;\s*q=(0\.\d*[1-9]|1)\S*)?\s*$/i.test(name));
}
