/** The rows of the compute side's tables as Kysely sees them; the migrations make them. */
import type { Generated, GeneratedAlways } from 'kysely';

export interface ComputeTables {
  compute_nodes: ComputeNodeRow;
  pci_devices: PciDeviceRow;
  instances: InstanceRow;
  instance_nics: InstanceNicRow;
  pci_requests: PciRequestRow;
  instance_actions: InstanceActionRow;
  instance_actions_events: InstanceActionEventRow;
  decisions: DecisionRow;
  tasks: TaskRow;
  host_commands: HostCommandRow;
  flavors: FlavorRow;
  flavor_projects: { flavorid: string; project_id: string };
  server_groups: ServerGroupRow;
  server_group_members: ServerGroupMemberRow;
  host_enrolments: HostEnrolmentRow;
  network_events: NetworkEventRow;
}

export interface ComputeNodeRow {
  uuid: string;
  number: number;
  hypervisor_hostname: string;
  generation: number;
  availability_zone: string;
  host_ip: string;
  hypervisor_type: string;
  hypervisor_version: number;
  cpu_info: string;
  vcpus: number;
  vcpus_used: number;
  memory_mb: number;
  memory_mb_used: number;
  local_gb: number;
  local_gb_used: number;
  pci_stats: string;
  /** Absent before migration 0004. */
  numa_topology?: string | null | undefined;
  /** JSON. Absent before migration 0007. */
  problems?: string | null | undefined;
  /** Absent before migration 0006. */
  physical_networks?: string | null | undefined;
  disabled: number;
  disabled_reason: string | null;
  forced_down: number;
  last_seen_at: number;
  created_at: number;
  last_command_seq: number;
}

export interface PciDeviceRow {
  id: Generated<number>;
  compute_node_id: string;
  address: string;
  vendor_id: string;
  product_id: string;
  dev_type: string;
  dev_id: string;
  label: string;
  status: string;
  numa_node: number | null;
  parent_addr: string | null;
  extra_info: string;
  tags: string;
  instance_uuid: string | null;
  request_id: string | null;
}

export interface InstanceRow {
  id: Generated<number>;
  uuid: string;
  display_name: string;
  hostname: string;
  display_description: string | null;
  project_id: string;
  user_id: string;
  image_ref: string | null;
  image_properties: string;
  flavor: string;
  /** Of the flavor, as `memory_mb` is. Made by the database; absent before migration 0010. */
  vcpus?: GeneratedAlways<number | null>;
  memory_mb?: GeneratedAlways<number | null>;
  key_name: string | null;
  metadata: string;
  tags: string;
  user_data: string | null;
  config_drive: number;
  access_ip_v4: string | null;
  access_ip_v6: string | null;
  disk_config: string;
  availability_zone: string | null;
  reservation_id: string;
  launch_index: number;
  locked: number;
  locked_reason: string | null;
  vm_state: string;
  task_state: string | null;
  power_state: number;
  compute_node_id: string | null;
  host: string | null;
  fault: string | null;
  created_at: number;
  updated_at: number;
  launched_at: number | null;
  terminated_at: number | null;
  deleted_at: number | null;
}

/** `live` 0: its server is deleted, and its port is free for another. */
export interface InstanceNicRow {
  id: string;
  instance_uuid: string;
  position: number;
  network_id: string | null;
  fixed_ip: string | null;
  port_id: string | null;
  tag: string | null;
  pci_request_id: string | null;
  owns_port: number;
  vif: string | null;
  live: number;
}

export interface PciRequestRow {
  id: Generated<number>;
  instance_uuid: string;
  request_id: string;
  count: number;
  spec: string;
  needs_interface: number;
  alias_name: string | null;
  numa_policy: string | null;
  requester_id: string | null;
}

export interface InstanceActionRow {
  id: Generated<number>;
  uuid: string;
  instance_uuid: string;
  action: string;
  request_id: string;
  user_id: string;
  project_id: string;
  start_time: number;
  updated_at: number;
  message: string | null;
  /** `ok`, `refused` or `failed`; with the kind of the error. Absent before migration 0018. */
  outcome: string | null;
  outcome_kind: string | null;
}

export interface InstanceActionEventRow {
  id: Generated<number>;
  action_uuid: string;
  event: string;
  start_time: number;
  finish_time: number | null;
  result: string | null;
  details: string | null;
  host: string | null;
}

export interface DecisionRow {
  id: Generated<number>;
  instance_uuid: string;
  attempt: number;
  decided_at: number;
  chosen: string | null;
  candidates: string;
  rejections: string;
  devices: string;
}

/**
 * One row per server, kept when its workflow ends (`step` null) so that the epoch never starts
 * again. `leased_epoch`: the epoch that the holder of the lease works in; `epoch` is ahead of it
 * when another workflow took over.
 */
export interface TaskRow {
  instance_uuid: string;
  uuid: string;
  kind: string;
  step: string | null;
  epoch: number;
  /** Of `data`. Absent before migration 0018. */
  version: Generated<number>;
  data: string;
  action_uuid: string;
  due_at: number | null;
  leased_by: string | null;
  leased_until: number | null;
  leased_epoch: number | null;
}

/** `succeeded` and `result` null: the host has not answered. */
interface HostCommandRow {
  id: Generated<number>;
  compute_node_id: string;
  seq: number;
  instance_uuid: string;
  kind: string;
  body: string;
  succeeded: number | null;
  result: string | null;
}

export interface FlavorRow {
  id: Generated<number>;
  flavorid: string;
  name: string;
  vcpus: number;
  memory_mb: number;
  root_gb: number;
  ephemeral_gb: number;
  swap: number;
  rxtx_factor: number;
  is_public: number;
  disabled: number;
  description: string | null;
  extra_specs: string;
}

export interface ServerGroupRow {
  id: Generated<number>;
  uuid: string;
  name: string;
  project_id: string;
  user_id: string;
  policy: string;
  max_server_per_host: number | null;
  generation: number;
}

interface ServerGroupMemberRow {
  id: Generated<number>;
  instance_uuid: string;
  group_uuid: string;
}

export interface HostEnrolmentRow {
  id: Generated<number>;
  host: string;
  token_sha256: string;
  created_at: number;
  revoked_at: number | null;
}

interface NetworkEventRow {
  id: Generated<number>;
  instance_uuid: string;
  kind: string;
  port_id: string;
}
