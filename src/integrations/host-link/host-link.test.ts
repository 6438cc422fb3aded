import { afterEach, describe } from 'vitest';
import { hostLinkContract, type JoinedEnds } from '#contracts/host/host-link.contract.ts';
import type { AgentEnd, ControllerEnd } from '#contracts/host/host-link.ts';
import { aDial, aHostDoor } from '#test/worlds/host-links.ts';
import { inProcessLink } from './in-process.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close();
});

async function overASocket(): Promise<JoinedEnds> {
  const controllerEnd = Promise.withResolvers<ControllerEnd>();
  const agentEnd = Promise.withResolvers<AgentEnd>();
  const door = await aHostDoor({ onLink: controllerEnd.resolve });
  const dial = aDial(door.url, { onLink: agentEnd.resolve });
  opened.push(door, dial);
  return { agentEnd: await agentEnd.promise, controllerEnd: await controllerEnd.promise };
}

describe('the link in one process', () => {
  hostLinkContract(async () => inProcessLink());
});

describe('the link over a socket', () => {
  hostLinkContract(overASocket);
});
