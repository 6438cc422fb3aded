import { expect, test } from 'vitest';
import { extraSpecFault } from './check-extra-spec.ts';

const right: [string, string][] = [
  ['hw:cpu_policy', 'dedicated'],
  ['hw:cpu_realtime_mask', '^0-1'],
  ['hw:cpu_dedicated_mask', '0-3,^2'],
  ['hw:numa_nodes', ' 2 '],
  ['hw:numa_cpus.0', '0-3,5'],
  ['hw:numa_mem.12', '1024'],
  ['hw:mem_page_size', '2MB'],
  ['hw:mem_page_size', 'large'],
  ['hw:boot_menu', 'Yes'],
  ['hw:pci_numa_affinity_policy', 'socket'],
  ['hw:redirected_usb_ports', '15'],
  ['hw_rng:rate_bytes', '0'],
  ['hw_video:ram_max_mb', '64'],
  ['os:secure_boot', 'required'],
  ['pci_passthrough:alias', 'gpu:2, my card:1'],
  ['quota:cpu_quota', '-1'],
  ['quota:vif_inbound_average', '128'],
  ['quota:disk_io_shares_level', 'high'],
  ['resources:VCPU', '4'],
  ['resources1:CUSTOM_GOLD', '1'],
  ['resources_NET:SRIOV_NET_VF', '1'],
  ['trait:HW_CPU_X86_AVX2', 'required'],
  ['trait_FAST:CUSTOM_SSD', 'forbidden'],
  ['capabilities:vcpus', '>= 4'],
  ['capabilities:cpu_info:topology:cores', '>= 2'],
  ['aggregate_instance_extra_specs:ssd', 'true'],
  ['accel:device_profile', 'fpga'],
  ['group_policy', 'none'],
  ['anything', 'goes'],
  ['my_namespace:anything', 'goes'],
  ['constructor', 'goes'],
];

test.each(right)('%s = %s is right', (name, value) => {
  expect(extraSpecFault(name, value)).toBeUndefined();
});

const wrong: [string, string, string][] = [
  ['hw:cpu_policy', 'always', "'always' must be one of dedicated, shared, mixed"],
  ['hw:cpu_polic', 'dedicated', 'no such extra spec in the namespace hw'],
  ['hw:constructor', '1', 'no such extra spec in the namespace hw'],
  ['hw:numa_nodes', '0', "'0' must be at least 1"],
  ['hw:numa_nodes', '1.5', 'must be a whole number'],
  ['hw:numa_nodes', 'two', 'must be a whole number'],
  ['hw:numa_cpus.x', '0', 'no such extra spec'],
  ['hw:numa_cpus.0', 'all', 'must be a list of CPUs'],
  ['hw:mem_page_size', 'huge', 'must be large, small, any or a size'],
  ['hw:boot_menu', 'maybe', 'must be a boolean'],
  ['hw:redirected_usb_ports', '16', 'must be at most 15'],
  ['os:secure_boot', 'yes', 'must be one of disabled, required'],
  ['pci_passthrough:alias', 'gpu', 'must be a list of ALIAS:COUNT'],
  ['pci_passthrough:aliases', 'gpu:1', 'no such extra spec'],
  ['quota:cpu_limit', '-1', 'must be at least 0'],
  ['resources:GOLD', '1', 'no such extra spec in the namespace resources'],
  ['resources9:GOLD', '1', 'no such extra spec in the namespace resources9'],
  ['resources:VCPU', 'many', 'must be a whole number'],
  ['trait:HW_GPU', 'yes', 'must be one of required, forbidden'],
  ['trait:fast', 'required', 'no such extra spec'],
  ['group_policy', 'soft', 'must be one of isolate, none'],
];

test.each(wrong)('%s = %s is refused: %s', (name, value, rule) => {
  const fault = extraSpecFault(name, value);
  expect(fault).toContain(name);
  expect(fault).toContain(rule);
});
