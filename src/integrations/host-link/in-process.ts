/** The link between controller and agent inside one process: the same messages, no socket. */
import type {
  AgentEnd,
  Channel,
  ControllerEnd,
  ToAgent,
  ToController,
} from '#contracts/host/host-link.ts';
import { CloseSignal } from './close-signal.ts';
import { Inbox } from './inbox.ts';

/** Two joined ends. Each receives the other's messages, asynchronously and in order. */
export function inProcessLink(): { agentEnd: AgentEnd; controllerEnd: ControllerEnd } {
  const closing = new CloseSignal();
  const toController = new Inbox<ToController>();
  const toAgent = new Inbox<ToAgent>();
  return {
    agentEnd: end(toAgent, toController, closing),
    controllerEnd: end(toController, toAgent, closing),
  };
}

function end<Out, In>(own: Inbox<In>, peer: Inbox<Out>, closing: CloseSignal): Channel<Out, In> {
  return {
    send: (message) => {
      if (!closing.isDone) peer.put(message);
    },
    onMessage: (listener) => own.listen(listener),
    onClose: (listener) => closing.notify(listener),
    close: () => closing.done(),
  };
}
