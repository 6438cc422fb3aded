/** The suite that both forms of the link must pass, for either end. */
import { expect, test } from 'vitest';
import type { AgentEnd, ControllerEnd, ToController } from './host-link.ts';

export interface JoinedEnds {
  agentEnd: AgentEnd;
  controllerEnd: ControllerEnd;
}

/** `connect` opens a link; what it opened is closed when the test ends. */
export function hostLinkContract(connect: () => Promise<JoinedEnds>): void {
  const result = (seq: number, text = ''): ToController => ({
    type: 'result',
    seq,
    result: { ok: false, message: text, detail: '', steps: [] },
  });
  const hello: ToController = {
    type: 'hello',
    host: 'host-1',
    report: {
      facts: {
        type: 'QEMU',
        version: 1,
        vcpus: 1,
        memoryMib: 1,
        diskGib: 1,
        cpuModel: 'any',
        architecture: 'x86_64',
      },
      hostIp: '192.0.2.1',
      physicalNetworks: ['physnet1'],
      devices: [],
      guests: [],
    },
  };

  test('each end receives the other’s messages in order, also those sent before it listened', async () => {
    const { agentEnd, controllerEnd } = await connect();
    const sent = [hello, result(1), result(2), result(3, 'x'.repeat(300_000)), result(4)];
    for (const message of sent) agentEnd.send(message);
    const received = await listen<ToController>(controllerEnd, sent.length);
    expect(received).toEqual(sent);
    const answers = [
      { type: 'welcome', hostId: 'h1' },
      { type: 'recorded', seq: 1 },
    ] as const;
    for (const answer of answers) controllerEnd.send(answer);
    expect(await listen(agentEnd, 2)).toEqual(answers);
  });

  test('a listener gets no other message until it is done with one', async () => {
    const { agentEnd, controllerEnd } = await connect();
    const trail: string[] = [];
    const done = new Promise<void>((resolve) => {
      controllerEnd.onMessage(async (message) => {
        trail.push(`${message.type} begins`);
        await new Promise((passed) => setImmediate(passed));
        trail.push(`${message.type} ends`);
        if (message.type === 'result') resolve();
      });
    });
    agentEnd.send(hello);
    agentEnd.send({ type: 'heartbeat' });
    agentEnd.send(result(1));
    await done;
    expect(trail).toEqual(
      ['hello', 'heartbeat', 'result'].flatMap((type) => [`${type} begins`, `${type} ends`]),
    );
  });

  test.each(['agentEnd', 'controllerEnd'] as const)(
    'when the %s closes, both are notified once, also a later listener',
    async (closer) => {
      const ends = await connect();
      let reported = 0;
      const both = Promise.all(
        [ends.agentEnd, ends.controllerEnd].map(
          (end) => new Promise<void>((resolve) => end.onClose(() => resolve(void reported++))),
        ),
      );
      ends[closer].close();
      ends[closer].close();
      await both;
      expect(reported).toBe(2);
      await Promise.all(
        [ends.agentEnd, ends.controllerEnd].map(
          (end) => new Promise<void>((resolve) => end.onClose(resolve)),
        ),
      );
    },
  );

  test('messages sent before a close arrive; later ones are lost without an error', async () => {
    const { agentEnd, controllerEnd } = await connect();
    agentEnd.send(hello);
    agentEnd.send(result(1));
    agentEnd.close();
    agentEnd.send(result(2));
    const messages: ToController[] = [];
    await new Promise<void>((resolve) => {
      controllerEnd.onMessage((message) => {
        messages.push(message);
        if (message.type === 'result') resolve();
      });
    });
    await new Promise<void>((resolve) => controllerEnd.onClose(resolve));
    controllerEnd.send({ type: 'recorded', seq: 1 });
    expect(messages).toEqual([hello, result(1)]);
  });
}

function listen<In>(
  end: { onMessage(listener: (message: In) => void): void },
  count: number,
): Promise<In[]> {
  const inbox: In[] = [];
  return new Promise((resolve) => {
    end.onMessage((message) => {
      inbox.push(message);
      if (inbox.length === count) resolve(inbox);
    });
  });
}
