/**
 * The page that shows the console of a server, by noVNC: an optional package, because its licence
 * (MPL 2.0) is another than ours. Without it the page states what is missing.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ComputeError } from '#core/errors.ts';
import { consolePath } from './console-url.ts';

const rfbModule = 'core/rfb.js';

/**
 * `unsafe-inline` of styles: noVNC sets those of its elements. Nothing else is loaded from anywhere
 * else, and the address, which has the token, is passed on to nobody.
 */
const headers = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const page = (title: string, body: string) => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<style>
html, body { height: 100%; margin: 0; background: #1b1f24; color: #e6e6e6; font: 16px sans-serif; }
body { display: flex; flex-direction: column; }
#status { padding: 0.4em 0.8em; }
#screen { flex: 1; overflow: hidden; }
</style>
</head>
<body>
${body}
</body>
</html>
`;

const viewer = page(
  'Console',
  `<div id="status" role="status">noVNC: connecting</div>
<div id="screen"></div>
<script type="module" src="${consolePath}/viewer.js"></script>
<noscript>The console is shown by noVNC, which needs JavaScript.</noscript>`,
);

const missing = page(
  'Console',
  `<div id="status">The package @novnc/novnc, which shows consoles, is not installed on the
controller: <code>npm ci</code> without <code>--omit=optional</code> installs it. A VNC client can
connect through the WebSocket of this address.</div>`,
);

/** The WebSocket is of the page's own host: the address can name no other. */
const script = `import RFB from '${consolePath}/novnc/${rfbModule}';

const given = new URLSearchParams(location.search).get('path') ?? '';
const token = new URLSearchParams(given.split('?')[1]).get('token') ?? '';
const url = new URL('${consolePath}', location.href);
url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
url.searchParams.set('token', token);

const status = document.getElementById('status');
let name = 'connected';
const rfb = new RFB(document.getElementById('screen'), url.href, { wsProtocols: ['binary'] });
rfb.scaleViewport = true;
rfb.focusOnClick = true;
rfb.addEventListener('connect', () => {
  status.textContent = 'noVNC: ' + name;
  rfb.focus();
});
rfb.addEventListener('desktopname', ({ detail }) => {
  name = detail.name;
  status.textContent = 'noVNC: ' + name;
  document.title = name;
});
rfb.addEventListener('disconnect', ({ detail }) => {
  status.textContent = detail.clean
    ? 'noVNC: the console was closed'
    : 'noVNC: no connection; the token may have expired: request a new address';
});
`;

/**
 * Adds the page, its script, and noVNC's: `readFiles` returns their paths by those in the package.
 * None needs a token: they are the same for all.
 */
export function mountConsolePage(app: FastifyInstance, readFiles = noVncFiles): void {
  let files: Map<string, string> | undefined;
  const all = (): Map<string, string> => (files ??= readFiles());
  app.get(consolePath, (_request, reply) =>
    send(reply, 'text/html; charset=utf-8', all().has(rfbModule) ? viewer : missing),
  );
  app.get(`${consolePath}/viewer.js`, (_request, reply) => send(reply, javaScript, script));
  app.get(`${consolePath}/novnc/*`, (request, reply) => {
    const path = all().get((request.params as { '*': string })['*']);
    if (path === undefined) throw new ComputeError('notFound', 'The resource could not be found.');
    return send(reply, javaScript, readFileSync(path, 'utf8'));
  });
}

const javaScript = 'text/javascript; charset=utf-8';

function send(reply: FastifyReply, type: string, text: string) {
  return reply.headers({ ...headers, 'content-type': type }).send(text);
}

/** The scripts of noVNC by their path in the package; none where it is not installed. */
function noVncFiles(): Map<string, string> {
  const files = new Map<string, string>();
  let root: string;
  try {
    root = dirname(dirname(fileURLToPath(import.meta.resolve('@novnc/novnc'))));
  } catch {
    return files;
  }
  for (const folder of ['core', 'vendor']) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.js')) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(relative(root, path).split(sep).join('/'), path);
    }
  }
  return files;
}
