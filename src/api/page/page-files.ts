/** The files of the page: the same for everybody, so they need no login. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ComputeError } from '#core/errors.ts';

const compress = promisify(gzip);

/**
 * Nothing inline, nothing from elsewhere, and no frame around it. `data:` of images: the pointer of
 * a server's display.
 */
const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  vary: 'Accept-Encoding',
};

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface PageFile {
  type: string;
  /** Its name has a hash of its content. */
  isHashed: boolean;
  content: Buffer;
  compressed?: Promise<Buffer>;
}

/**
 * Adds `/ui/` and what is below: a file of the folder, or the page itself, which reads the rest of
 * the path. A page that is not built answers 503 with the command that builds it.
 */
export function mountPageFiles(app: FastifyInstance, folder: string): void {
  let read: Map<string, PageFile> | undefined;
  const show = (request: FastifyRequest, reply: FastifyReply) => {
    read ??= filesOf(folder);
    if (!read.has('index.html')) {
      read = undefined;
      return reply.code(503).headers(headers).type('text/plain; charset=utf-8').send(notBuilt);
    }
    const path = (request.params as { '*'?: string })['*'] ?? '';
    const file = read.get(path === '' || !path.startsWith('assets/') ? 'index.html' : path);
    if (file === undefined) throw new ComputeError('notFound', 'The resource could not be found.');
    return send(file, request, reply);
  };
  app.get('/ui', show);
  app.get('/ui/*', show);
}

const notBuilt =
  'The page is not built. "npm ci" builds it; to build it alone: npm run build:page\n';

async function send(
  file: PageFile,
  { headers: { 'accept-encoding': accepted = '' } }: FastifyRequest,
  reply: FastifyReply,
) {
  reply.headers(headers).type(file.type);
  reply.header('cache-control', file.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (!/\bgzip\b(?!;\s*q=0(?:\.0*)?(?:,|$))/.test(accepted)) return reply.send(file.content);
  file.compressed ??= compress(file.content, { level: 9 });
  return reply.header('content-encoding', 'gzip').send(await file.compressed);
}

/** By path in the folder; none where there is no folder. */
function filesOf(folder: string): Map<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const path of pathsIn(folder)) {
    const name = relative(folder, path).split(sep).join('/');
    const type = types[extname(name)];
    if (type === undefined) continue;
    files.set(name, { type, isHashed: name.startsWith('assets/'), content: readFileSync(path) });
  }
  return files;
}

function pathsIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
