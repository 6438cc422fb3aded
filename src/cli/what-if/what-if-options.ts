/** The options of `novella what-if`, as they are typed. */
import { InvalidArgumentError } from 'commander';

/** A NIC: `network` is a name or an id. */
export interface NicOption {
  vnic_type?: string;
  physical_network?: string | null;
  network?: string;
  numa_affinity_policy?: string;
  profile?: { trusted: string };
}

export interface DeviceOption {
  alias: string;
  count: number;
}

export interface WhatIfOptions {
  flavor?: string;
  vcpus?: number;
  ram?: number;
  disk?: number;
  property?: Record<string, string>;
  imageProperty?: Record<string, string>;
  nic?: NicOption[];
  device?: DeviceOption[];
  availabilityZone?: string;
  host?: string;
  hint?: Record<string, string[]>;
  count: number | 'max';
  json?: boolean;
}

const nicKeys = ['vnic-type', 'physical-network', 'network', 'numa-policy', 'trusted'] as const;

/**
 * Example: `vnic-type=direct,physical-network=physnet1`. `physical-network=` without a value: a
 * tunnelled network.
 */
export function readNic(text: string, before: NicOption[] = []): NicOption[] {
  const given = new Map(text.split(',').map((part) => pairOf(part)));
  for (const key of given.keys()) {
    if (nicKeys.some((known) => known === key)) continue;
    throw new InvalidArgumentError(`key "${key}": must be one of ${nicKeys.join(', ')}`);
  }
  const [type, physical, network, policy, trusted] = nicKeys.map((key) => given.get(key));
  const nic: NicOption = {
    ...(type !== undefined && { vnic_type: type }),
    ...(physical !== undefined && { physical_network: physical === '' ? null : physical }),
    ...(network !== undefined && { network }),
    ...(policy !== undefined && { numa_affinity_policy: policy }),
    ...(trusted !== undefined && { profile: { trusted } }),
  };
  return [...before, nic];
}

/** Example: `gpu:2`; without a count: 1. */
export function readDevice(text: string, before: DeviceOption[] = []): DeviceOption[] {
  const [, alias, count = '1'] = /^([^:]+)(?::(\d{1,3}))?$/.exec(text) ?? [];
  if (alias !== undefined) return [...before, { alias, count: Number(count) }];
  throw new InvalidArgumentError('must be ALIAS or ALIAS:COUNT');
}

/** Example: `hw:numa_nodes=2`. */
export function readProperty(
  text: string,
  before: Record<string, string> = {},
): Record<string, string> {
  const [key, value] = pairOf(text);
  return { ...before, [key]: value };
}

const hints = ['group', 'same_host', 'different_host'];

/** Example: `different_host=SERVER`; the last two keys are repeatable. */
export function readHint(
  text: string,
  before: Record<string, string[]> = {},
): Record<string, string[]> {
  const [key, value] = pairOf(text);
  if (!hints.includes(key)) {
    throw new InvalidArgumentError(`key "${key}": must be one of ${hints.join(', ')}`);
  }
  return { ...before, [key]: [...(before[key] ?? []), value] };
}

/** A number from 1, or `max`. */
export function readCount(text: string): number | 'max' {
  return text === 'max' ? text : wholeNumber(text, 'must be a whole number or max');
}

export function readNumber(text: string): number {
  return wholeNumber(text, 'must be a whole number');
}

function wholeNumber(text: string, rule: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(rule);
}

function pairOf(text: string): [key: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(`"${text}": must be KEY=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}
