/**
 * `novella explain SERVER`: where a server is, why, and with which devices. The text is in
 * `explain-text.ts`.
 */
import { explainLines } from './explain-text.ts';
import { explainServer } from '#client/operator-api.ts';
import { findServerId } from '#client/server-names.ts';
import { type Screen, writeJson, writeLines } from '../terminal/screen.ts';
import type { Session } from '#client/session/session.ts';

export interface ExplainOptions {
  /** Id or name. */
  server: string;
  /** Adds the libvirt domain XML. */
  xml?: boolean;
  json?: boolean;
}

/** Prints the explanation of the server. `--json`: the API's document, which always has the XML. */
export async function showExplanation(
  session: Session,
  options: ExplainOptions,
  screen: Screen,
): Promise<void> {
  const reply = await explainServer(session, await findServerId(session, options.server));
  if (options.json === true) return writeJson(screen, reply);
  writeLines(screen, explainLines(reply, { bold: screen.hasStyle === true }));
  if (options.xml !== true) return;
  writeLines(screen, [
    '',
    reply.domain_xml?.trimEnd() ?? 'No domain XML: the server has not reached its host.',
  ]);
}
