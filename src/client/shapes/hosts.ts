/** Hosts and their enrolments in the replies of the operator API. */
import { type Static, Type } from 'typebox';
import { Links, Moment, nullable, shape } from './shape.ts';

/** `blocks`: which servers it keeps from the host. */
export const HostProblemView = shape({
  code: Type.String(),
  message: Type.String(),
  blocks: Type.Enum(['all', 'passthrough', 'none']),
});

/** A host that has reported. Sizes of memory are MiB, of disks GiB. */
export const HostView = shape({
  id: Type.String(),
  name: Type.String(),
  availability_zone: Type.String(),
  host_ip: Type.String(),
  state: Type.Enum(['up', 'down']),
  status: Type.Enum(['enabled', 'disabled']),
  disabled_reason: nullable(Type.String()),
  forced_down: Type.Boolean(),
  /** null: it may not connect, and is down for that reason. */
  last_seen_at: nullable(Moment),
  /** Counts the changes of its record. */
  generation: Type.Integer(),
  hypervisor_type: Type.String(),
  hypervisor_version: Type.Integer(),
  vcpus: Type.Integer(),
  vcpus_used: Type.Integer(),
  memory_mb: Type.Integer(),
  memory_mb_used: Type.Integer(),
  disk_gb: Type.Integer(),
  disk_gb_used: Type.Integer(),
  running_guests: Type.Integer(),
  problems: Type.Array(HostProblemView),
  devices_free: Type.Integer(),
});
export type HostView = Static<typeof HostView>;

export const HostsReply = shape({
  hosts: Type.Array(HostView),
  hosts_links: Type.Optional(Links),
});
export type HostsReply = Static<typeof HostsReply>;

/** A host that may connect. `link` null: it has not, or is no longer connected. */
export const EnrolmentView = shape({
  host: Type.String(),
  enrolled_at: Moment,
  /** null: it may join or connect. */
  revoked_at: nullable(Moment),
  /** Until when its token can be used; null: it was used, or there is none. */
  join_expires_at: nullable(Moment),
  /** The one that is valid longest; null: it has not joined. */
  certificate: nullable(
    shape({
      serial: Type.String(),
      not_before: Moment,
      not_after: Moment,
      revoked_at: nullable(Moment),
    }),
  ),
  /** Deprecated: it connects with a token of version 0.2 or older. */
  has_endless_token: Type.Boolean(),
  /** `certificate`: the serial number of the one that it has presented; null: a token. */
  link: nullable(
    shape({ address: Type.String(), since: Moment, certificate: nullable(Type.String()) }),
  ),
});
export type EnrolmentView = Static<typeof EnrolmentView>;

export const EnrolmentsReply = shape({ enrolments: Type.Array(EnrolmentView) });
export type EnrolmentsReply = Static<typeof EnrolmentsReply>;

/**
 * A host that was enrolled; the token is in this reply and in no other. `controller`: where its
 * agent connects.
 */
export const NewEnrolmentView = shape({
  host: Type.String(),
  enrolled_at: Moment,
  token: Type.String(),
  expires_at: Moment,
  controller: Type.String(),
});
export type NewEnrolmentView = Static<typeof NewEnrolmentView>;

export const NewEnrolmentReply = shape({ enrolment: NewEnrolmentView });
export type NewEnrolmentReply = Static<typeof NewEnrolmentReply>;
