/**
 * Messages between controllers that no store has: requests to a host by another controller than the
 * one that it is linked to. Each may be lost; whoever waits for an answer does so only for a while.
 */
import type { ConsoleAnswer, ConsoleRequest } from './host/host-link.ts';

/** `hostId`: of the host that is to get it, by the controller that it is linked to. */
export type ControllerMessage =
  | { type: 'console'; hostId: string; request: ConsoleRequest }
  | { type: 'console-answer'; host: string; answer: ConsoleAnswer }
  | { type: 'cache-image'; hostId: string; imageId: string };

export interface ControllerPost {
  /** To all other controllers. */
  send(message: ControllerMessage): void;
  /** Sets the only listener. */
  onMessage(listener: (message: ControllerMessage) => void): void;
}
