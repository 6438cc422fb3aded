/** The text of `novella what-if`. Pure text from the API's document. */
import type { WhatIfHostView, WhatIfReply } from '#client/shapes/what-if.ts';
import { whyLines } from '../servers/explain-text.ts';
import { type Column, tableLines } from '../terminal/table.ts';
import { wrap } from '../terminal/wrap.ts';
import type { NicOption, WhatIfOptions } from './what-if-options.ts';

interface Style {
  bold?: boolean;
}

/** Of one server: where and why there. Of several: how many on which host, and what stops more. */
export function whatIfLines(
  answer: WhatIfReply,
  options: WhatIfOptions,
  style: Style = {},
): string[] {
  const text = wrap(sentence(answer, options), '');
  const why = [...text, '', ...whyLines(answer.decision, { ...style, wouldTake: true })];
  if (options.count === 1 || answer.fits === 0) return why;
  return [...text, '', ...hostLines(answer.hosts, style), ...firstLines(answer)];
}

/** Example: `14 more servers of flavor m1.small with 1 direct port on red fit: host-1 7, …`. */
function sentence(answer: WhatIfReply, options: WhatIfOptions): string {
  const { fits, ended_by: endedBy, decision } = answer;
  const { count } = options;
  const shape = shapeOf(options);
  if (fits === 0) return `No host can take a server ${shape}.`;
  if (count === 1) return `A server ${shape} fits on ${decision.chosen}.`;
  const servers = `server${fits === 1 ? '' : 's'} ${shape} fit${fits === 1 ? 's' : ''}`;
  const places = placesOf(answer.hosts);
  if (endedBy === 'most') return `At least ${fits} more ${servers}: ${places}. No more were tried.`;
  if (endedBy === 'time') {
    return `At least ${fits} more ${servers}: ${places}. The search stopped at its limit of 5 s of processor time; more may fit.`;
  }
  if (count === 'max') return `${fits} more ${servers}: ${places}.`;
  return `${fits < count ? `Only ${fits} of ${count}` : `All ${count}`} ${servers}: ${places}.`;
}

const placesShown = 5;

/** Example: `host-1 7, host-2 3`. */
function placesOf(hosts: readonly WhatIfHostView[]): string {
  const taking = hosts.filter(({ servers }) => servers > 0);
  const shown = taking.slice(0, placesShown).map(({ host, servers }) => `${host} ${servers}`);
  const left = taking.length - placesShown;
  return [...shown, ...(left > 0 ? [`${left} more hosts`] : [])].join(', ');
}

function shapeOf({ flavor, vcpus, ram, disk, nic = [], device = [] }: WhatIfOptions): string {
  const size =
    flavor === undefined
      ? `of ${vcpus} ${vcpus === 1 ? 'vcpu' : 'vcpus'}, ${ram} MiB and ${disk ?? 0} GiB`
      : `of flavor ${flavor}`;
  const ports = [...Map.groupBy(nic, nicText)].map(
    ([text, { length }]) => `${length} ${text.replace('port', length === 1 ? 'port' : 'ports')}`,
  );
  const devices = device.map(({ alias, count }) => `${count} of alias ${alias}`);
  const parts = [...ports, ...devices];
  return parts.length === 0 ? size : `${size} with ${parts.join(' and ')}`;
}

/** Example: `direct port on physnet1`. */
function nicText({ vnic_type: type, physical_network: physical, network }: NicOption): string {
  const place = network ?? (physical === null ? 'a tunnelled network' : physical);
  return `${type ?? 'normal'} port${place === undefined ? '' : ` on ${place}`}`;
}

const hostColumns: Column<WhatIfHostView>[] = [
  { title: 'HOST', value: ({ host }) => host },
  { title: 'SERVERS', value: ({ servers }) => String(servers), align: 'right' },
  { title: 'STOPPED BY', value: ({ refusal }) => refusal?.filter ?? '' },
  { title: 'REASON', value: ({ refusal }) => refusal?.message ?? 'may take one more' },
];

const hostsShown = 20;

/** Those that take most come first. */
function hostLines(hosts: readonly WhatIfHostView[], style: Style): string[] {
  const sorted = hosts.toSorted((one, other) => other.servers - one.servers);
  const left = hosts.length - hostsShown;
  return [
    ...tableLines(hostColumns, sorted.slice(0, hostsShown), style),
    ...(left > 0 ? [`and ${left} more; --json has them all`] : []),
  ];
}

function firstLines({ decision: { chosen, devices } }: WhatIfReply): string[] {
  if (devices.length === 0) return ['', `The first would be on ${chosen}.`];
  const taken = devices.map(({ address, pool }) => `${address} from the pool of ${pool}`);
  return ['', ...wrap(`The first would be on ${chosen} and take ${taken.join(', ')}.`, '')];
}
