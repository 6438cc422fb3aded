/** The link between controller and agent inside one process: the same messages, no socket. */
import type {
  AgentEnd,
  Channel,
  ControllerEnd,
  ToAgent,
  ToController,
} from '#contracts/host-link.ts';

/** Two joined ends. What one says the other hears, later and in order. */
export function inProcessLink(): { agentEnd: AgentEnd; controllerEnd: ControllerEnd } {
  const closers: (() => void)[] = [];
  const close = (): void => {
    for (const listener of closers.splice(0)) listener();
  };
  const toController: ((message: ToController) => void)[] = [];
  const toAgent: ((message: ToAgent) => void)[] = [];
  return {
    agentEnd: end(toAgent, toController, closers, close),
    controllerEnd: end(toController, toAgent, closers, close),
  };
}

function end<Out, In>(
  mine: ((message: In) => void)[],
  theirs: ((message: Out) => void)[],
  closers: (() => void)[],
  close: () => void,
): Channel<Out, In> {
  return {
    send: (message) => {
      setImmediate(() => {
        for (const listener of theirs) listener(message);
      });
    },
    onMessage: (listener) => mine.push(listener),
    onClose: (listener) => closers.push(listener),
    close,
  };
}
