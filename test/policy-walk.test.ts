/**
 * Every route of the compute API × every role × the own or another project, with the default rules;
 * and every rule overridden.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { operatorRoutes } from '#api/operator/routes.ts';
import { namesOf } from '#api/requests/permission.ts';
import { routes } from '#api/routes.ts';
import { ruleNames } from '#core/access/rules/compute-policy.ts';
import { type RuleName, standardRules } from '#core/access/rules/standard-rules.ts';
import { titleOf } from '#http/routes/route.ts';
import {
  aComputeWorld,
  type ComputeWorld,
  faultOf,
  imageId,
  otherProjectId,
  projectId,
} from '#test/worlds/compute-world.ts';
import { isAdmitted, ownedKind, requestFor, type Tenant } from './fuzz/policy-requests.ts';

/** By role: the token of a caller in the first project. */
const tokens = {
  reader: 'reader',
  member: 'member',
  manager: 'manager',
  admin: 'admin',
  service: 'own service',
  none: 'no role',
} as const;
type Role = keyof typeof tokens;

const all = [
  ...routes.map((route) => ({ prefix: '/v2.1', route })),
  ...operatorRoutes.map((route) => ({ prefix: '/novella/v1', route })),
];
const guarded = all.filter(({ route }) => route.rule !== 'signed-in');

let world: ComputeWorld;
let places: { own: Tenant; foreign: Tenant };
/** Requests delete what they are about, and lower quotas. */
async function aTenant(project: string): Promise<Tenant> {
  await world.store.quotas.clear({ projectId: project, userId: undefined });
  const { id } = await world.server({ projectId: project, userId: 'user-1' });
  const made = { id: world.context.newId(), name: 'g', projectId: project, userId: 'user-1' };
  const group = { ...made, policy: 'affinity', maxServersPerHost: null } as const;
  await world.store.serverGroups.create(group, world.context.configuredQuotas(project));
  return { project, image: imageId, server: id, group: made.id };
}

beforeEach(async () => {
  world = await aComputeWorld();
  places = { own: await aTenant(projectId), foreign: await aTenant(otherProjectId) };
});

afterEach(() => world.stop());

async function answerOf(
  { prefix, route }: (typeof all)[number],
  role: Role,
  place: 'own' | 'foreign' = 'own',
): Promise<{ status: number; message: string }> {
  const { path, minor, text } = requestFor(route, places[place]);
  const answer = await world.ask(`${route.method} ${prefix}${path}`, {
    as: tokens[role],
    version: `2.${minor}`,
    ...(text !== undefined && { body: text }),
  });
  if (route.method === 'DELETE' && answer.status < 300) {
    places[place] = await aTenant(places[place].project);
  }
  const message = answer.status === 403 ? faultOf(answer).message : '';
  return { status: answer.status, message };
}

const nameOf = ({ prefix, route }: (typeof all)[number]) => `${prefix} ${titleOf(route)}`;
const refusalOf = (name: string) => `Policy doesn't allow ${name} to be performed.`;

test.each(Object.keys(tokens) as Role[])('default rules: %s in the own project', async (role) => {
  const wrong: string[] = [];
  for (const each of all) {
    const { status, message } = await answerOf(each, role);
    const names = namesOf(each.route.rule);
    const isRefused = status === 403 && names.some((name) => message === refusalOf(name));
    if (isRefused === isAdmitted(each.route, role))
      wrong.push(`${nameOf(each)}: ${status} ${message}`);
  }
  expect(wrong).toEqual([]);
});

test.each(Object.keys(tokens) as Role[])(
  'default rules: %s and what belongs to another project',
  async (role) => {
    const wrong: string[] = [];
    for (const each of all) {
      const { route } = each;
      if (ownedKind(route) === undefined || route.handler === undefined) continue;
      const { status } = await answerOf(each, role, 'foreign');
      const expected = isAdmitted(route, role) ? [404, 410] : [403];
      const isAdmin = role === 'admin' && status !== 403;
      if (!isAdmin && !expected.includes(status)) wrong.push(`${nameOf(each)}: ${status}`);
    }
    expect(wrong).toEqual([]);
  },
);

test('a rule overridden by ! refuses its calls to an administrator', async () => {
  const wrong: string[] = [];
  for (const each of guarded) {
    const names = namesOf(each.route.rule);
    world.useRules(Object.fromEntries(names.map((name) => [name, '!'])));
    const { message } = await answerOf(each, 'admin');
    if (message !== refusalOf(names[0] ?? '')) wrong.push(`${nameOf(each)}: ${message}`);
  }
  expect(wrong).toEqual([]);
});

test('the rules of other calls, overridden by !, leave a call as it is', async () => {
  const wrong: string[] = [];
  const ofCalls = [...new Set(guarded.flatMap(({ route }) => namesOf(route.rule)))];
  for (const each of all) {
    const own = namesOf(each.route.rule);
    const others = ofCalls.filter((name) => !own.includes(name));
    world.useRules(Object.fromEntries(others.map((name) => [name, '!'])));
    const { status, message } = await answerOf(each, 'admin');
    if (status === 403 && message.startsWith('Policy')) wrong.push(`${nameOf(each)}: ${message}`);
  }
  expect(wrong).toEqual([]);
});

test('a rule overridden by @ admits callers without a role', async () => {
  const wrong: string[] = [];
  for (const each of guarded) {
    const names = namesOf(each.route.rule);
    world.useRules(Object.fromEntries(names.map((name) => [name, '@'])));
    const { message } = await answerOf(each, 'none');
    if (names.some((name) => message === refusalOf(name))) wrong.push(nameOf(each));
  }
  expect(wrong).toEqual([]);
});

test('the rule of a resource is checked with the project and the user of that resource', async () => {
  const wrong: string[] = [];
  const ofResources = guarded.filter(({ route }) => {
    const [name] = namesOf(route.rule);
    return (
      name !== undefined &&
      standardRules[name].about === 'resource' &&
      route.handler !== undefined &&
      ownedKind(route) !== undefined
    );
  });
  for (const each of ofResources) {
    const names = namesOf(each.route.rule);
    const inForce = (check: string) =>
      world.useRules(Object.fromEntries(names.map((name) => [name, check])));
    inForce('project_id:%(project_id)s');
    const foreign = await answerOf(each, 'admin', 'foreign');
    if (foreign.status !== 403) wrong.push(`${nameOf(each)}: another project, ${foreign.status}`);
    inForce('not user_id:%(user_id)s');
    const own = await answerOf(each, 'admin');
    if (own.status !== 403) wrong.push(`${nameOf(each)}: the own user, ${own.status}`);
  }
  expect(wrong).toEqual([]);
  expect(ofResources.length).toBeGreaterThan(60);
});

/** The other rules each have a test beside what they decide: `fine-rules.test.ts`. */
test('every rule is that of a call, or decides something within one, or has a reason why not', () => {
  const ofCalls = new Set<string>(all.flatMap(({ route }) => namesOf(route.rule)));
  const left = Object.entries(standardRules).filter(
    ([name, { decides, unused }]) =>
      Number(ofCalls.has(name)) + Number(decides !== undefined) + Number(unused !== undefined) !==
      1,
  );
  expect(left.map(([name]) => name as RuleName)).toEqual([]);
  expect(ruleNames).toHaveLength(new Set(ruleNames).size);
});
