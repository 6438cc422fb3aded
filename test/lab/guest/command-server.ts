/**
 * Runs shell scripts for the outside, inside the emulated compute host: `POST /run` with `{ script,
 * timeoutMs }`, `GET /file?path=…&offset=…`, `GET /ready`. The text of the file given as first
 * argument is the password. Stands alone: the image has nothing else of the project.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** The result of a script. `code` is 124 after a time-out, 137 when a signal ended it. */
interface ScriptOutcome {
  code: number;
  stdout: string;
  stderr: string;
}

const password = `Bearer ${readFileSync(process.argv[2]!, 'utf8').trim()}`;

createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    response.writeHead(500).end(String(error));
  });
}).listen(8000, '0.0.0.0');

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://lab');
  if (request.headers.authorization !== password) {
    response.writeHead(401).end();
  } else if (url.pathname === '/ready') {
    response.writeHead(existsSync('/run/lab-ready') ? 200 : 503).end();
  } else if (url.pathname === '/file') {
    sendFile(url.searchParams, response);
  } else if (url.pathname === '/run') {
    const { script, timeoutMs } = JSON.parse(await bodyOf(request)) as {
      script: string;
      timeoutMs: number;
    };
    response.end(JSON.stringify(await runScript(script, timeoutMs)));
  } else {
    response.writeHead(404).end();
  }
}

function sendFile(query: URLSearchParams, response: ServerResponse): void {
  const stream = createReadStream(query.get('path') ?? '', { start: Number(query.get('offset')) });
  stream.once('error', (error) => response.writeHead(404).end(error.message));
  stream.once('open', () => stream.pipe(response));
}

/** Output goes to files, not pipes: background processes of the script may keep them open. */
async function runScript(script: string, timeoutMs: number): Promise<ScriptOutcome> {
  const folder = mkdtempSync('/run/command-');
  const paths = { stdout: join(folder, 'stdout'), stderr: join(folder, 'stderr') };
  const files = [openSync(paths.stdout, 'w'), openSync(paths.stderr, 'w')] as const;
  try {
    const code = await exitOf(script, files, timeoutMs);
    return {
      code,
      stdout: readFileSync(paths.stdout, 'utf8'),
      stderr: readFileSync(paths.stderr, 'utf8'),
    };
  } finally {
    for (const file of files) closeSync(file);
    rmSync(folder, { recursive: true });
  }
}

function exitOf(
  script: string,
  [stdout, stderr]: readonly [number, number],
  timeoutMs: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/bash', ['-c', script], {
      detached: true,
      stdio: ['ignore', stdout, stderr],
    });
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, timeoutMs);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      resolve(isLate ? 124 : (code ?? (signal === null ? 255 : 137)));
    });
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
