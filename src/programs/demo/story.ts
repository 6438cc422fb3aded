/**
 * What the demo has read so far, as the services' own documents. Steps add to it; checks and report
 * read it.
 */
import type { DeviceView, PoolView } from '#client/shapes/pci.ts';
import type { ExplainReply } from '#client/shapes/explain.ts';
import type { HostView } from '#client/shapes/hosts.ts';
import type { PortView } from '#client/networks.ts';
import type { ServerView } from '#client/servers.ts';
import type { Session } from '#client/session/session.ts';
import { ComputeError } from '#core/errors.ts';

/** Free and held resources, at one moment. */
export interface Inventory {
  hosts: HostView[];
  devices: DeviceView[];
  pools: PoolView[];
}

/** Facts in the order in which they are read. */
export interface Story {
  before: Inventory;
  redNetworkId: string;
  blueNetworkId: string;
  /** The user's two ports, direct then macvtap; read again once bound. */
  ports: PortView[];
  server: ServerView;
  explanation: ExplainReply;
  after: Inventory;
  /** Only when the server was deleted again. */
  end: Inventory;
  portsAtEnd: PortView[];
}

/** One step: its title, and a short summary of what it did. It uses only the public HTTP API. */
export interface Step {
  title: string;
  run(session: Session, story: Partial<Story>): Promise<string>;
}

/** A fact from an earlier step. Throws `bug` when the steps are in the wrong order. */
export function known<Fact extends keyof Story>(story: Partial<Story>, fact: Fact): Story[Fact] {
  const value = story[fact];
  if (value !== undefined) return value;
  throw new ComputeError('bug', `demo: nothing has learnt "${fact}" yet`);
}
