/**
 * The process that loads libvirt's library. The agent starts it with a message channel and
 * libvirt's URI as its argument; when the library crashes or hangs, only this process ends.
 */
import { errorText } from '#core/errors.ts';
import type { CallMessage, ChildMessage, WireFailure } from './child-messages.ts';
import { CallFailed, ConnectionOpener } from './connection.ts';
import { Lanes } from './lanes.ts';
import { loadLibvirt } from './library.ts';
import { procedures } from './procedures.ts';
import { runEventLoop, Watch } from './watch.ts';

const uri = process.argv[2] ?? 'qemu:///system';

// An orphan must not continue to act on guests.
process.on('disconnect', end);

try {
  serve();
} catch (error) {
  send({ is: 'unreachable', problem: `libvirt.so.0 cannot be used: ${(error as Error).message}` });
  process.exitCode = 1;
  process.disconnect();
}

function serve(): void {
  const library = loadLibvirt();
  runEventLoop(library, (problem) => {
    send({ is: 'unreachable', problem });
    end();
  });
  const opener = new ConnectionOpener(library, uri);
  const lanes = new Lanes(opener);
  const watch = new Watch(library, opener, send);

  process.on('message', (message: CallMessage | 'ping' | 'close') => {
    if (message === 'ping') return send({ is: 'alive' });
    if (message === 'close') {
      void Promise.all([watch.close(), lanes.close()]).finally(() => send({ is: 'closed' }));
      return;
    }
    const { lane, run } = procedures[message.procedure];
    lanes
      .use(lane, (connection) => (run as AnyRun)(connection, ...message.args))
      .then(
        (value) => send({ is: 'result', id: message.id, value }),
        (error: unknown) => send({ is: 'failure', id: message.id, failure: wireFailure(error) }),
      );
  });
  void watch.connect();
}

type AnyRun = (connection: unknown, ...args: unknown[]) => Promise<unknown>;

function wireFailure(error: unknown): WireFailure {
  if (error instanceof CallFailed) return { ...error.failure, call: error.call };
  const text = errorText(error);
  return { code: 0, domain: 0, text, call: 'libvirt child' };
}

function send(message: ChildMessage): void {
  if (!process.connected) return;
  // The agent may end between request and answer; `disconnect` handles that.
  process.send?.(message, undefined, undefined, () => undefined);
}

/** An ordinary exit would wait for threads blocked in libvirt. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}
