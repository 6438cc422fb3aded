/**
 * Client of the command server in the emulated host (`guest/command-server.ts`). No limit but the
 * script's own: scripts may take minutes.
 */
import { request } from 'node:http';

/** The result of a script. `code` is 124 after a time-out. */
export interface ScriptOutcome {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandServer {
  port: number;
  password: string;
}

/** Has everything been started? Also false without an answer within two seconds. */
export async function isReady(server: CommandServer): Promise<boolean> {
  try {
    return (await ask(server, { path: '/ready', timeoutMs: 2_000 })).status === 200;
  } catch {
    return false;
  }
}

/** Runs a bash script and waits for its end. What it leaves in the background continues. */
export async function runScript(
  server: CommandServer,
  script: string,
  timeoutMs: number,
): Promise<ScriptOutcome> {
  const body = JSON.stringify({ script, timeoutMs });
  const answer = await ask(server, { path: '/run', body, timeoutMs: timeoutMs + 60_000 });
  if (answer.status !== 200) throw new Error(`command server: ${answer.status} ${answer.text}`);
  return JSON.parse(answer.text) as ScriptOutcome;
}

/** The text of a file from a byte on. Throws when it cannot be read. */
export async function readFileAt(
  server: CommandServer,
  path: string,
  offset: number,
): Promise<string> {
  const query = new URLSearchParams({ path, offset: `${offset}` });
  const answer = await ask(server, { path: `/file?${query.toString()}`, timeoutMs: 60_000 });
  if (answer.status !== 200) throw new Error(`command server: ${path}: ${answer.text}`);
  return answer.text;
}

interface Question {
  path: string;
  body?: string;
  timeoutMs: number;
}

function ask(
  { port, password }: CommandServer,
  { path, body, timeoutMs }: Question,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${password}` },
        signal: AbortSignal.timeout(timeoutMs),
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
