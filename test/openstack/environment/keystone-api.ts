/** A few calls of Keystone's API, for setting up. */
import type { Person } from './people.ts';

interface Named {
  id: string;
  name: string;
}

/** Lists and creates as the administrator. */
export class KeystoneApi {
  readonly #url: string;
  readonly #token: string;

  private constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  static async open(url: string, person: Person): Promise<KeystoneApi> {
    return new KeystoneApi(url, await tokenOf(url, person));
  }

  async list(what: string): Promise<Named[]> {
    return (await this.#call('GET', what))[what];
  }

  /** Example: `create('projects', { name: 'red' })`. */
  async create(what: string, body: object): Promise<Named> {
    const one = what.slice(0, -1);
    return (await this.#call('POST', what, { [one]: body }))[one];
  }

  async grant(project: Named, user: Named, role: Named): Promise<void> {
    await this.#call('PUT', `projects/${project.id}/users/${user.id}/roles/${role.id}`);
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- whatever Keystone answers
  async #call(method: string, path: string, body?: object): Promise<any> {
    const response = await fetch(`${this.#url}/${path}`, {
      method,
      headers: { 'x-auth-token': this.#token, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}

/** A token of this person for the person's project. */
export async function tokenOf(keystoneUrl: string, person: Person): Promise<string> {
  const domain = { name: 'Default' };
  const user = { name: person.user, password: person.password, domain };
  const body = {
    auth: {
      identity: { methods: ['password'], password: { user } },
      scope: { project: { name: person.project, domain } },
    },
  };
  const response = await fetch(`${keystoneUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.status !== 201) {
    throw new Error(`token of ${person.user}: ${response.status} ${await response.text()}`);
  }
  return response.headers.get('x-subject-token') ?? '';
}
