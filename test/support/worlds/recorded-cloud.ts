/**
 * A real HTTP server on a free loopback port that answers recorded JSON: a cloud for the command
 * line's tests.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudPlace } from '#client/cloud/cloud-credentials.ts';
import type { PasswordLogin } from '#core/access/login.ts';

/**
 * A recorded reply. By default `status` is 200 and `headers` are none. A text body is sent
 * unchanged.
 */
export interface RecordedReply {
  status?: number;
  headers?: Record<string, string>;
  body: unknown;
}

/** The requests to the server, in order. */
export interface ReceivedRequest {
  line: string;
  headers: IncomingMessage['headers'];
  body: unknown;
}

export interface RecordedCloud {
  origin: string;
  /** The token of a sign-in; at first `token-1`. */
  token: string;
  credentials: CloudPlace & PasswordLogin;
  received: ReceivedRequest[];
  /**
   * Sets what `GET /path?query` answers. Example: `answer('GET /novella/v1/pci/pools', { body: …
   * })`.
   */
  answer(line: string, reply: RecordedReply | ((call: ReceivedRequest) => RecordedReply)): void;
  stop(): Promise<void>;
}

/** Starts it. Login works with the returned credentials; every service is at the one origin. */
export async function startRecordedCloud(): Promise<RecordedCloud> {
  const replies = new Map<string, Parameters<RecordedCloud['answer']>[1]>();
  const received: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    void reply(request, response);
  });
  const reply = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const line = `${request.method} ${request.url}`;
    const call = { line, headers: request.headers, body: await readBody(request) };
    received.push(call);
    const unknown = {
      status: 404,
      body: { itemNotFound: { code: 404, message: `no record of ${line}` } },
    };
    const answer = replies.get(line) ?? unknown;
    send(response, typeof answer === 'function' ? answer(call) : answer);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  replies.set('POST /v3/auth/tokens', () => login(origin, cloud.token));
  const cloud: RecordedCloud = {
    origin,
    token: 'token-1',
    credentials: {
      authUrl: `${origin}/v3`,
      username: 'admin',
      password: 'secret',
      projectName: 'admin',
      userDomainName: 'Default',
      projectDomainName: 'Default',
    },
    received,
    answer: (line, reply) => replies.set(line, reply),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return cloud;
}

function login(origin: string, token: string): RecordedReply {
  const entry = (type: string, url: string) => ({
    type,
    endpoints: [
      { interface: 'admin', url: 'http://192.0.2.1' },
      { interface: 'public', url },
    ],
  });
  const catalog = [entry('compute', `${origin}/v2.1`), entry('network', origin)];
  return {
    status: 201,
    headers: { 'x-subject-token': token },
    body: { token: { project: { id: 'project-1' }, catalog } },
  };
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? undefined : JSON.parse(text);
}

function send(response: ServerResponse, reply: RecordedReply): void {
  const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
  response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
  response.end(text);
}
