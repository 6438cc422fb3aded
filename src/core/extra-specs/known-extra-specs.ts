/**
 * The extra specs of flavors whose names and values are checked. Source: Nova
 * `api/validation/extra_specs`, and its administrator guide "Extra specs". `hw:sriov_failover` is
 * Novella's own.
 */

/** A whole number in a range, one of some texts, a text of a form, a boolean, or any text. */
export type SpecForm =
  | { kind: 'number'; min?: number; max?: number }
  | { kind: 'choice'; of: readonly string[] }
  | { kind: 'pattern'; of: RegExp; rule: string }
  | { kind: 'flag' | 'text' };

const flag: SpecForm = { kind: 'flag' };
const text: SpecForm = { kind: 'text' };
const integer: SpecForm = { kind: 'number' };
const from = (min: number, max?: number): SpecForm => ({
  kind: 'number',
  min,
  ...(max !== undefined && { max }),
});
const choice = (names: string): SpecForm => ({ kind: 'choice', of: names.split(' ') });
const pattern = (of: RegExp, rule: string): SpecForm => ({ kind: 'pattern', of, rule });

const cpuSet = pattern(/^\^?\d+(-\d+)?(,\^?\d+(-\d+)?)*$/, 'must be a list of CPUs such as 0-3,^2');

/** Each of these names with this form. Example: `all('quota:', 'cpu_period', from(0))`. */
function all(prefix: string, names: string, form: SpecForm): Record<string, SpecForm> {
  return Object.fromEntries(names.split(/\s+/).map((name) => [`${prefix}${name}`, form]));
}

const ofHardware: Record<string, SpecForm> = {
  ...all(
    'hw:',
    'cpu_realtime hide_hypervisor_id locked_memory boot_menu vif_multiqueue_enabled mem_encryption ' +
      'pmu virtio_packed_ring ephemeral_encryption sriov_failover',
    flag,
  ),
  ...all(
    'hw:',
    'numa_nodes cpu_sockets cpu_cores cpu_threads cpu_max_sockets cpu_max_cores cpu_max_threads',
    from(1),
  ),
  'hw:cpu_realtime_mask': cpuSet,
  'hw:cpu_dedicated_mask': cpuSet,
  'hw:cpu_policy': choice('dedicated shared mixed'),
  'hw:cpu_thread_policy': choice('prefer isolate require'),
  'hw:emulator_threads_policy': choice('isolate share'),
  'hw:pci_numa_affinity_policy': choice('required preferred legacy socket'),
  'hw:mem_page_size': pattern(
    /^(large|small|any|\d+([kKMGT]i?)?(b|bit|B)?)$/,
    'must be large, small, any or a size such as 2MB',
  ),
  'hw:mem_encryption_model': choice('amd-sev amd-sev-es amd-sev-snp'),
  'hw:pmem': pattern(/^[a-zA-Z0-9_][a-zA-Z0-9_,]*$/, 'must be a list of names'),
  'hw:serial_port_count': from(0),
  'hw:tpm_model': choice('tpm-tis tpm-crb'),
  'hw:tpm_version': choice('1.2 2.0'),
  'hw:tpm_secret_security': choice('user host deployment'),
  'hw:watchdog_action': choice('none pause poweroff reset disabled'),
  'hw:viommu_model': choice('intel smmuv3 virtio auto'),
  'hw:sound_model': choice('sb16 es1370 pcspk ac97 ich6 ich9 usb virtio'),
  'hw:usb_model': choice('none nec-xhci qemu-xhci'),
  'hw:redirected_usb_ports': from(0, 15),
  'hw:ephemeral_encryption_format': choice('plain luks luksv2'),
  'hw_rng:allowed': flag,
  'hw_rng:rate_bytes': from(0),
  'hw_rng:rate_period': from(0),
  'hw_video:ram_max_mb': from(0),
};

const ofQuotas: Record<string, SpecForm> = {
  ...all('quota:', 'cpu_shares cpu_period', from(0)),
  'quota:cpu_quota': integer,
  ...all(
    'quota:disk_',
    'read_bytes_sec read_iops_sec write_bytes_sec write_iops_sec total_bytes_sec total_iops_sec',
    from(0),
  ),
  ...all(
    'quota:vif_',
    'inbound_average inbound_peak inbound_burst outbound_average outbound_peak outbound_burst',
    from(0),
  ),
  ...Object.assign(
    {},
    ...['cpu', 'memory', 'disk_io', 'vif'].map((what) => ({
      [`quota:${what}_limit`]: from(0),
      [`quota:${what}_reservation`]: integer,
      [`quota:${what}_shares_level`]: choice('custom high normal low'),
      [`quota:${what}_shares_share`]: from(0),
    })),
  ),
};

/** By name. */
export const namedSpecs: Readonly<Record<string, SpecForm>> = {
  ...ofHardware,
  ...ofQuotas,
  'os:secure_boot': choice('disabled required'),
  'accel:device_profile': text,
  'pci_passthrough:alias': pattern(
    /^[^:]+:\d+(\s*,\s*[^:]+:\d+)*$/,
    'must be a list of ALIAS:COUNT',
  ),
  'vmware:hw_version': text,
  'vmware:storage_policy': text,
  hide_hypervisor_id: flag,
  group_policy: choice('isolate none'),
  ...all(
    'capabilities:',
    'id uuid service_id host vcpus memory_mb local_gb vcpus_used memory_mb_used local_gb_used ' +
      'hypervisor_type hypervisor_version hypervisor_hostname free_ram_mb free_disk_gb ' +
      'current_workload running_vms disk_available_least host_ip mapped cpu_allocation_ratio ' +
      'ram_allocation_ratio disk_allocation_ratio total_usable_ram_mb total_usable_disk_gb ' +
      'disk_mb_used free_disk_mb vcpus_total num_instances num_io_ops failed_builds aggregates ' +
      'cell_uuid updated',
    text,
  ),
};

const group = '([a-zA-Z0-9_-]{1,64})?';

const resources =
  'VCPU|PCPU|MEMORY_MB|DISK_GB|PCI_DEVICE|SRIOV_NET_VF|NUMA_(SOCKET|CORE|THREAD|MEMORY_MB)|' +
  'IPV4_ADDRESS|VGPU|VGPU_DISPLAY_HEAD|PGPU|FPGA|MEM_ENCRYPTION_CONTEXT|' +
  'NET_BW_(EGR|IGR)_KILOBIT_PER_SEC|NET_PACKET_RATE_((EGR|IGR)_)?KILOPACKET_PER_SEC|CUSTOM_[A-Z0-9_]+';

/** By the form of a name. A trait is known by the first part of its name. */
export const patternedSpecs: readonly { name: RegExp; form: SpecForm }[] = [
  { name: /^hw:numa_cpus\.\d+$/, form: cpuSet },
  { name: /^hw:numa_mem\.\d+$/, form: from(1) },
  { name: /^aggregate_instance_extra_specs:.+$/, form: text },
  {
    name: /^capabilities:(cpu_info|metrics|stats|numa_topology|supported_hv_specs|pci_device_pools|nodename|pci_stats|supported_instances|limits|instances)(:\w+)*$/,
    form: text,
  },
  { name: new RegExp(`^resources${group}:(${resources})$`), form: integer },
  {
    name: new RegExp(`^trait${group}:(COMPUTE|CUSTOM|HW|MISC|OWNER|STORAGE)_[A-Z0-9_]+$`),
    form: choice('required forbidden'),
  },
];

/** Namespaces in which every name is known; names in others, and without one, are free. */
export const namespaces = new RegExp(
  `^(accel|aggregate_instance_extra_specs|capabilities|hw|hw_rng|hw_video|os|pci_passthrough|quota|vmware|resources${group}|trait${group})$`,
);
