/**
 * Tokens that open the console of one server for a short time. The store keeps only the hash of a
 * token, never the token.
 */
import type { OfferedConsole } from '#core/servers/console-type.ts';
import type { ConsolePlace } from '../../host/guest-consoles.ts';

export interface ConsoleToken {
  tokenSha256: string;
  serverId: string;
  type: OfferedConsole;
  /** The host's name and the console's place there when the token was made. */
  host: string;
  place: ConsolePlace;
  /** Epoch milliseconds. */
  expiresAt: number;
}

export interface ConsoleTokenStore {
  /** Keeps the newest `mostOfServer` tokens of its server. Throws `notFound` for a deleted one. */
  add(token: ConsoleToken, how: { mostOfServer: number }): Promise<void>;
  /** undefined: no such token, it has expired by `now`, or its server is deleted. */
  ofToken(tokenSha256: string, now: number): Promise<ConsoleToken | undefined>;
  /** Deletes those that have expired by `now`. */
  removeExpired(now: number): Promise<void>;
}
