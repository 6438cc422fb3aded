/** What an administrator can do with a host: its name, its consequences, and the call. */
import type { EnrolmentView, HostView, NewEnrolmentView } from '#client/shapes/hosts.ts';
import { compute } from '../data/compute.ts';
import { fetchJson, post } from '../data/request.ts';

export interface HostAction {
  /** Of the button; one that is undone by another has the same. */
  key: string;
  label: string;
  /** The question above the consequences. */
  title: string;
  consequences: readonly string[];
  /** Of the button that does it. */
  confirm: string;
  /** It ends something: the button that has the focus first is the other one. */
  isSevere: boolean;
  /** What is to be typed. */
  field?: { label: string; isRequired: boolean };
  /** Shown once it is done. */
  done: string;
  /** The host is no longer there. */
  removes?: boolean;
  /** `typed`: in the field. Throws a `Refusal`. */
  run: (typed: string) => Promise<NewEnrolmentView | undefined>;
}

/** Those that make sense now. `enrolment` undefined: it was never enrolled. */
export function actionsOf(host: HostView, enrolment: EnrolmentView | undefined): HostAction[] {
  const { name, forced_down: isForcedDown, state, status } = host;
  const canConnect = enrolment !== undefined && enrolment.revoked_at === null;
  return [
    status === 'enabled' ? disable(host) : enable(host),
    isForcedDown ? undoForcedDown(host) : forceDown(host),
    // A host of the controller's own process has no enrolment, and is up.
    ...(enrolment !== undefined || state === 'down' ? [replaceToken(name)] : []),
    ...(canConnect ? [revoke(name)] : []),
    ...(state === 'down' ? [remove(name)] : []),
  ];
}

async function change({ id }: HostView, body: object): Promise<undefined> {
  await compute(`/os-services/${id}`, { method: 'PUT', body });
}

function disable(host: HostView): HostAction {
  return {
    key: 'status',
    label: 'Disable …',
    title: `Disable ${host.name}?`,
    consequences: [
      'No new server is placed on it, and no server is moved to it.',
      'Its servers keep running, and can be stopped, started and moved away.',
    ],
    confirm: 'Disable',
    isSevere: false,
    field: { label: 'Reason, shown to administrators', isRequired: false },
    done: `${host.name} is disabled.`,
    run: (reason) =>
      change(host, {
        status: 'disabled',
        ...(reason !== '' && { disabled_reason: reason }),
      }),
  };
}

function enable(host: HostView): HostAction {
  return {
    key: 'status',
    label: 'Enable …',
    title: `Enable ${host.name}?`,
    consequences: ['New servers can be placed on it again.'],
    confirm: 'Enable',
    isSevere: false,
    done: `${host.name} is enabled.`,
    run: () => change(host, { status: 'enabled' }),
  };
}

function forceDown(host: HostView): HostAction {
  return {
    key: 'down',
    label: 'Force down …',
    title: `Force ${host.name} down?`,
    consequences: [
      'It counts as down at once, whatever its agent reports: no server is placed on it, and actions on its servers are refused.',
      'Its servers can be evacuated to other hosts. Make sure first that the machine is off: a guest that still runs there would have the same addresses and disks as its copy.',
    ],
    confirm: 'Force down',
    isSevere: true,
    done: `${host.name} is forced down.`,
    run: () => change(host, { forced_down: true }),
  };
}

function undoForcedDown(host: HostView): HostAction {
  return {
    key: 'down',
    label: 'Undo forced down …',
    title: `Let ${host.name} count as up again?`,
    consequences: [
      'It counts as up while its agent reports.',
      'Guests of servers that were evacuated meanwhile are removed from it.',
    ],
    confirm: 'Undo forced down',
    isSevere: false,
    done: `${host.name} is no longer forced down.`,
    run: () => change(host, { forced_down: false }),
  };
}

function replaceToken(name: string): HostAction {
  return {
    key: 'token',
    label: 'New enrolment token …',
    title: `Make a new enrolment token for ${name}?`,
    consequences: [
      'All its certificates and tokens are revoked at once, and its connection is closed: it counts as down until it has joined again. Its guests keep running.',
      'The new token can be used once, within an hour. It is shown only once.',
    ],
    confirm: 'Revoke and make a token',
    isSevere: true,
    done: `${name} can join with its new token.`,
    run: () => enrol(name, true),
  };
}

function revoke(name: string): HostAction {
  return {
    key: 'revoke',
    label: 'Revoke certificate …',
    title: `Revoke the certificate of ${name}?`,
    consequences: [
      'Its certificates and tokens are revoked, and its connection is closed, at once. It counts as down: no server is placed on it, and its guests keep running.',
      'This cannot be undone: to connect again it needs a new enrolment token.',
    ],
    confirm: 'Revoke',
    isSevere: true,
    done: `The certificate of ${name} is revoked.`,
    async run() {
      await fetchJson(`${pathOf(name)}/enrolment`, { method: 'DELETE' });
      return undefined;
    },
  };
}

function remove(name: string): HostAction {
  return {
    key: 'remove',
    label: 'Remove …',
    title: `Remove ${name}?`,
    consequences: [
      'The host is removed with its devices and its certificate. Make sure first that the machine is off: guests that still run there are forgotten.',
      'It is refused while the host reports or servers are on it.',
    ],
    confirm: 'Remove',
    isSevere: true,
    done: `${name} is removed.`,
    removes: true,
    async run() {
      await fetchJson(pathOf(name), { method: 'DELETE' });
      return undefined;
    },
  };
}

/** A host that is not there yet; its name is typed. */
export const enrolNew: HostAction = {
  key: 'enrol',
  label: 'Enrol a host …',
  title: 'Enrol a host',
  consequences: [
    'A token is made with which one machine can join under this name, once, within an hour.',
    'The host appears here when its agent has connected.',
  ],
  confirm: 'Make the token',
  isSevere: false,
  field: { label: 'Name of the host', isRequired: true },
  done: 'The token was made.',
  run: (name) => enrol(name, false),
};

async function enrol(name: string, replace: boolean): Promise<NewEnrolmentView> {
  const path = { name };
  return (await post('/hosts/:name/enrolment', { path, body: { replace } })).enrolment;
}

function pathOf(name: string): string {
  return `/novella/v1/hosts/${encodeURIComponent(name)}`;
}
