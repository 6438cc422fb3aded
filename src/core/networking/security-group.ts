/** Security groups as servers name them. Their rules are the network service's to enforce. */

/**
 * `remoteGroupId` or `remoteIpPrefix` says from where; neither: from anywhere. Ports are null where
 * the protocol has none, or all are meant.
 */
export interface SecurityGroupRule {
  id: string;
  direction: 'ingress' | 'egress';
  protocol: string | null;
  portRangeMin: number | null;
  portRangeMax: number | null;
  remoteIpPrefix: string | null;
  remoteGroupId: string | null;
}

export interface SecurityGroup {
  id: string;
  name: string;
  description: string;
  projectId: string;
  rules: SecurityGroupRule[];
}

/** `unknown`: nothing has this id or name; `ambiguous`: several have this name. */
export type ChosenGroup = { ok: true; id: string } | { ok: false; why: 'unknown' | 'ambiguous' };

/**
 * The group that an id or a name means; an id counts before a name. Example: `chooseGroup('web',
 * groups)` → `{ ok: true, id: '5f…' }`. Source: Nova, `find_resourceid_by_name_or_id`.
 */
export function chooseGroup(
  idOrName: string,
  groups: readonly Pick<SecurityGroup, 'id' | 'name'>[],
): ChosenGroup {
  if (groups.some(({ id }) => id === idOrName)) return { ok: true, id: idOrName };
  const [group, ...others] = groups.filter(({ name }) => name === idOrName);
  if (group === undefined) return { ok: false, why: 'unknown' };
  return others.length === 0 ? { ok: true, id: group.id } : { ok: false, why: 'ambiguous' };
}
