/**
 * What was done to a server as rows with a start and a length: one action, its events, and the
 * steps of the agent within the start of the guest. Arithmetic only.
 */
import type { DecisionView, ExplainReply } from '#client/shapes/explain.ts';
import type { ServerAction, ServerActionEvent } from '../data/compute.ts';
import { epochMs } from '../parts/time.ts';

export interface TimelineRow {
  label: string;
  detail: string;
  /** Milliseconds since the action began. */
  from: number;
  /** null: it is not finished. */
  to: number | null;
  isError: boolean;
  /** A step of the row above that is not one. */
  isStep: boolean;
  /** Not a step, but what the server is then. */
  isEnd: boolean;
}

export interface Timeline {
  /** Of all rows, in milliseconds; at least 1. */
  length: number;
  rows: TimelineRow[];
}

type Steps = ExplainReply['spawn_steps'];

interface Known {
  /** None for members. */
  decisions: readonly DecisionView[];
  /** Of the newest start of the guest; none where another action had that. */
  steps: Steps;
  /** Of the server. */
  status: string;
}

const labels: Record<string, string> = {
  make_ports: 'Create ports',
  schedule: 'Choose host, claim devices',
  bind_ports: 'Bind ports to the host',
  spawn: 'Start guest on the host',
  plug_ports: 'Wait until the ports are wired',
  plan_move: 'Plan move',
  prepare_target: 'Prepare target',
  offer_files: 'Offer files to the target',
  move_out: 'Send guest to the target',
  switch_ports: 'Switch ports to the target',
  claim: 'Claim device',
  bind_port: 'Bind port to the host',
  attach: 'Attach NIC to the guest',
  take_off: 'Remove NIC from the guest',
  unbind_port: 'Unbind port',
  unbind_ports: 'Unbind ports',
  release: 'Release device',
};

export function timelineOf(action: ServerAction, known: Known): Timeline {
  const begin = epochMs(action.start_time);
  const events = action.events.toSorted(
    (one, other) => epochMs(one.start_time) - epochMs(other.start_time),
  );
  const decisions = [...known.decisions];
  const lastSpawn = events.findLast(({ event }) => event === 'spawn');
  const rows: TimelineRow[] = [];
  const first = events[0];
  if (first !== undefined) {
    rows.push(row('Accept request', { from: 0, to: epochMs(first.start_time) - begin }));
  }
  for (const event of events) {
    rows.push(ofEvent(event, begin, decisions));
    if (event === lastSpawn) rows.push(...ofSteps(event, begin, known.steps));
  }
  const end = Math.max(...rows.map(({ from, to }) => to ?? from), 1);
  const isOver = events.length > 0 && events.every(({ finish_time: at }) => at !== null);
  if (action.action === 'create' && isOver && ['ACTIVE', 'ERROR'].includes(known.status)) {
    const isError = events.at(-1)?.result === 'Error';
    const status = isError ? 'ERROR' : 'ACTIVE';
    rows.push({ ...row(`Server is ${status}`, { from: end, to: end }), isError, isEnd: true });
  }
  return { length: end, rows };
}

function row(label: string, { from, to }: { from: number; to: number | null }): TimelineRow {
  return { label, detail: '', from, to, isError: false, isStep: false, isEnd: false };
}

function ofEvent(event: ServerActionEvent, begin: number, decisions: DecisionView[]): TimelineRow {
  const { event: name, start_time: start, finish_time: finish, result, host, details } = event;
  const isError = result === 'Error';
  const from = epochMs(start) - begin;
  const to = finish === null ? null : epochMs(finish) - begin;
  const decision = name === 'schedule' ? takeDecision(decisions, event) : undefined;
  const known = decision === undefined ? (host ?? '') : decisionText(decision);
  return {
    ...row(labels[name] ?? readable(name), { from, to }),
    detail: isError ? (details ?? '') : known,
    isError,
  };
}

/** Decisions have whole seconds. Each belongs to one event. */
function takeDecision(
  decisions: DecisionView[],
  { start_time: start, finish_time: finish }: ServerActionEvent,
): DecisionView | undefined {
  const from = Math.floor(epochMs(start) / 1_000) * 1_000;
  const to = finish === null ? Infinity : epochMs(finish);
  const at = decisions.findIndex(({ decided_at: moment }) => {
    const decided = epochMs(moment);
    return decided >= from && decided <= to;
  });
  return at < 0 ? undefined : decisions.splice(at, 1)[0];
}

function decisionText({ candidates, rejections, chosen }: DecisionView): string {
  const all = candidates.length + rejections.length;
  const hosts = `${all} ${all === 1 ? 'host' : 'hosts'}, ${rejections.length} refused`;
  return chosen === null ? hosts : `${hosts}; ${chosen} chosen`;
}

/**
 * Each at the time since the command arrived. Steps of an older agent have only their length: they
 * are shown one after the other, and the last ends with the answer.
 */
function ofSteps(spawn: ServerActionEvent, begin: number, steps: Steps): TimelineRow[] {
  const finish = spawn.finish_time;
  if (finish === null) return [];
  const [start, end] = [epochMs(spawn.start_time) - begin, epochMs(finish) - begin];
  const total = steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const lastEnd = Math.max(...steps.map(({ after = 0, milliseconds }) => after + milliseconds), 0);
  const arrived = Math.min(start, end - lastEnd);
  let at = Math.max(start, end - total);
  return steps.map(({ step, milliseconds, after }) => {
    const from = after === undefined ? at : Math.max(0, arrived + after);
    at = from + milliseconds;
    const label = readable(step);
    return { ...row(label, { from, to: at }), isStep: true };
  });
}

/** Example: `set-vf-link` → `Set VF link`. */
function readable(name: string): string {
  const text = name
    .replaceAll(/[_-]/g, ' ')
    .replaceAll(/\b(vf|nic|pf)\b/g, (word) => word.toUpperCase());
  return text.charAt(0).toUpperCase() + text.slice(1);
}
