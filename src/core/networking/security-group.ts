/** Security groups as servers name them. The network service enforces their rules. */

/**
 * `remoteGroupId` or `remoteIpPrefix` is the allowed source; neither: any source. Ports are null if
 * the protocol has none, or for all ports.
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
 * The group with this id or name; an id takes precedence. Example: `chooseGroup('web', groups)` →
 * `{ ok: true, id: '5f…' }`. Source: Nova, `find_resourceid_by_name_or_id`.
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
