/**
 * The text of `novella explain`: a server's explanation as lines for people. Pure text from the
 * API's document.
 */
import type { DecisionView, ExplainReply, NicView } from '#client/shapes/explain.ts';
import { bold, type Column, tableLines } from '../terminal/table.ts';

/** A fleet has many hosts; the first ones are enough. */
const mostRows = 10;

interface Style {
  bold?: boolean;
  /** The devices are not taken: it is a what-if. */
  wouldTake?: boolean;
}

/** The entire explanation: state, fault, each decision, each NIC from request to binding. */
export function explainLines(reply: ExplainReply, style: Style = {}): string[] {
  const heading = (text: string) => (style.bold === true ? bold(text) : text);
  const { server } = reply;
  return [
    ...[
      ['Server', `${server.name}  ${server.id}`],
      ['Status', server.status],
      ['Host', server.host ?? 'none'],
    ].map(([label = '', text = '']) => `${heading(label.padEnd(6))}  ${text}`),
    ...(server.fault === null ? [] : [`${heading('Fault ')}  ${server.fault.message}`]),
    ...reply.decisions.flatMap((decision) => [
      '',
      heading(decisionTitle(decision)),
      ...indent(whyLines(decision, style)),
    ]),
    ...(reply.nics.length === 0 ? [] : ['', heading('NICs')]),
    ...indent(reply.nics.flatMap((nic) => nicLines(nic, reply))),
    ...(reply.live_move === null
      ? []
      : [
          '',
          heading(`Live migration, planned ${reply.live_move.planned_at}`),
          ...indent(reply.live_move.plan),
        ]),
    ...(reply.spawn_steps.length === 0
      ? []
      : [
          '',
          heading('Start on the host'),
          ...indent(tableLines(stepColumns, reply.spawn_steps, style)),
        ]),
  ];
}

type StepView = ExplainReply['spawn_steps'][number];

const stepColumns: Column<StepView>[] = [
  { title: 'STEP', value: ({ step }) => step },
  { title: 'MS', value: ({ milliseconds }) => milliseconds.toFixed(0), align: 'right' },
];

/**
 * The reasons of one decision: candidates with weights, refused hosts with filter and reasons, the
 * devices taken.
 */
export function whyLines(decision: DecisionView, style: Style = {}): string[] {
  const refusals = decision.rejections.flatMap((rejection) =>
    rejection.reasons.map((reason) => ({ ...rejection, message: reason.message })),
  );
  return [
    ...section(tableLines(candidateColumns, decision.candidates, style)),
    ...tieLines(decision),
    ...section(tableLines(refusalColumns, refusals, style)),
    ...takenLines(decision, style),
  ];
}

type CandidateView = DecisionView['candidates'][number];

const candidateColumns: Column<CandidateView>[] = [
  { title: 'CANDIDATE', value: (one) => one.host },
  { title: 'WEIGHT', value: (one) => figure(one.weight), align: 'right' },
  { title: 'MADE OF', value: (one) => weightText(one.weights) },
];

const refusalColumns: Column<{ host: string; filter: string; message: string }>[] = [
  { title: 'REFUSED', value: (one) => one.host },
  { title: 'BY', value: (one) => one.filter },
  { title: 'REASON', value: (one) => one.message },
];

/**
 * Candidates come best first. Where the best are equal, the weights alone do not explain the
 * choice.
 */
function tieLines({ candidates }: DecisionView): string[] {
  const [best, next] = candidates;
  if (best === undefined || next === undefined || best.weight !== next.weight) return [];
  const equals = candidates.filter((one) => one.weight === best.weight);
  return [`${equals.length} hosts weigh the same; hosts of equal weight are tried by name`];
}

function takenLines({ devices }: DecisionView, { wouldTake = false }: Style): string[] {
  return devices.flatMap(({ address, pool, request_id: request }) =>
    wouldTake
      ? [`would take ${address} from the pool of ${pool}`]
      : [`took ${address} from the pool of ${pool}`, `  for request ${request}`],
  );
}

function decisionTitle(decision: DecisionView): string {
  const answer = decision.chosen === null ? 'no host' : `why ${decision.chosen}`;
  return `Attempt ${decision.attempt}: ${answer}, decided ${decision.decided_at}`;
}

/** An empty table prints nothing; a long one only its beginning. */
function section(table: string[]): string[] {
  const rows = table.length - 1;
  if (rows === 0) return [];
  if (rows <= mostRows) return table;
  return [...table.slice(0, mostRows + 1), `and ${rows - mostRows} more; --json has them all`];
}

/** Only what distinguishes hosts: a weigher that has no preference gives 0. */
function weightText(weights: Record<string, number>): string {
  const decisive = Object.entries(weights).filter(([, weight]) => weight !== 0);
  if (decisive.length === 0) return 'no weigher prefers one';
  return decisive.map(([name, weight]) => `${name} ${figure(weight)}`).join(', ');
}

function figure(weight: number): string {
  return weight.toFixed(2);
}

/**
 * Two lines a NIC at most: what it is; then request → device → binding, for those that take a
 * device. What a server in ERROR lacks, it will not get any more.
 */
function nicLines(nic: NicView, { server, devices }: ExplainReply): string[] {
  const yet = server.status === 'ERROR' ? '' : ' yet';
  const what = [
    `${nic.position}`,
    nic.vnic_type ?? `vnic type not known${yet}`,
    nic.mac_address ?? `no MAC${yet}`,
    nic.port_id === null ? `network ${nic.network_id ?? 'none'}` : `port ${nic.port_id}`,
  ];
  const binding = nic.vif_type === null ? 'not bound' : `bound as ${nic.vif_type}`;
  if (nic.pci_request_id === null) return [`${what.join('  ')}  ${binding}, takes no device`];
  const device = devices.find((one) => one.request_id === nic.pci_request_id);
  const taken =
    device === undefined ? 'no device' : `${device.address} ${device.status} on ${device.host}`;
  const slot =
    nic.pci_slot === null
      ? ''
      : ` at ${nic.pci_slot}, ${nic.physical_network ?? 'no physical network'}`;
  return [
    what.join('  '),
    `   request ${nic.pci_request_id}`,
    `   → ${taken}`,
    `   → ${binding}${slot}`,
  ];
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
