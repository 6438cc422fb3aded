/**
 * The hypervisor's name of a server. Example: 42 → `instance-0000002a`. Source: Nova
 * `instance_name_template`.
 */
export function guestName(serial: number): string {
  return `instance-${serial.toString(16).padStart(8, '0')}`;
}
