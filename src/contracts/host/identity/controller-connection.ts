/** How an agent connects to its controller now. */
import type { ConnectionOptions } from 'node:tls';

export interface ControllerConnection {
  /** Without a path. Example: `https://192.0.2.10:8785`. */
  url: string;
  headers: Record<string, string>;
  /** Of an `https` URL: whom to trust, and the own certificate. */
  tls: ConnectionOptions;
}
