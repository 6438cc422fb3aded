/**
 * Topic vif_xml: a bound NIC through planGuestNic and nicXml to libvirt's element, and its VF's
 * settings.
 */
import { XmlDocument, XmlElement, XmlText } from 'libxml2-wasm';
import { handOverSteps, unplugSteps } from '#core/guests/plan/hand-over-steps.ts';
import { heldByNic } from '#core/guests/description/held-device.ts';
import { planGuestNic } from '#core/guests/nics/plan-nic.ts';
import type { Step, VfStep } from '#core/guests/plan/step.ts';
import type { Vif } from '#core/networking/vif.ts';
import { isComputeError } from '#core/errors.ts';
import { nicXml } from '#integrations/libvirt/xml/interface-xml.ts';
import { printXml } from '#integrations/libvirt/xml/xml.ts';
import { type CaseOutcome, failed, judge, passed, type Topic, type VectorCase } from '../topic.ts';

interface WireVif {
  id: string;
  mac: string;
  vif_type: string | null;
  vnic_type: Vif['vnicType'];
  details: Record<string, unknown>;
  profile: Record<string, unknown>;
  network: {
    id: string;
    bridge: string | null;
    mtu?: number;
    meta?: { interface?: string; mtu?: number };
  };
  devname: string;
  qbg_params?: { managerid: string; typeid: string; typeidversion: string; instanceid: string };
}

interface WireFunction {
  address: string;
  pf?: string;
  vfs?: string[];
  ifname?: string;
}

interface Input {
  vif: WireVif;
  host?: { functions: WireFunction[] };
  virt_type?: 'kvm' | 'qemu';
  vcpus?: number;
  flavor_extra_specs?: Record<string, string>;
  image_properties?: Record<string, string>;
  config?: { rx_queue_size?: number; tx_queue_size?: number; max_queues?: number };
  vdpa?: Record<string, string>;
}

interface Expectation {
  error?: { kind: string };
  xml?: string;
  plug?: string[];
  unplug?: string[];
}

export const vifXml: Topic = { name: 'vif_xml', run };

function run(testCase: VectorCase): CaseOutcome {
  const input = testCase.input as unknown as Input;
  const expect = testCase.expect as Expectation;
  const actual = outcomeOf(input);
  if (expect.error !== undefined) {
    return 'refused' in actual
      ? passed
      : failed(`expected ${expect.error.kind}, got ${actual.xml}`);
  }
  if ('refused' in actual) return failed(`refused: ${actual.refused}`);
  return judge(
    {
      xml: canonical(expect.xml ?? ''),
      plug: expect.plug ?? [],
      unplug: expect.unplug ?? [],
    },
    {
      xml: canonical(actual.xml),
      plug: expect.plug === undefined ? [] : actual.plug,
      unplug: expect.unplug === undefined ? [] : actual.unplug,
    },
  );
}

function outcomeOf(
  input: Input,
): { refused: string } | { xml: string; plug: string[]; unplug: string[] } {
  const planned = planGuestNic(toVif(input.vif), {
    vcpus: input.vcpus ?? 1,
    extraSpecs: input.flavor_extra_specs ?? {},
    imageProperties: input.image_properties ?? {},
    rxQueueSize: input.config?.rx_queue_size ?? null,
    txQueueSize: input.config?.tx_queue_size ?? null,
    maxQueues: input.config?.max_queues ?? null,
  });
  if (!planned.ok) return { refused: planned.reasons.map(({ message }) => message).join('; ') };
  const functions = input.host?.functions ?? [];
  const ifnames = functions.flatMap(({ address, ifname }) =>
    ifname === undefined ? [] : [[address, ifname] as const],
  );
  try {
    const xml = nicXml(planned.nic, {
      virtType: input.virt_type ?? 'kvm',
      nicSources: { ...Object.fromEntries(ifnames), ...input.vdpa },
    });
    const held = heldByNic(planned.nic);
    return {
      xml: printXml(xml),
      plug: commands(handOverSteps(input.vif.id, planned.nic), functions),
      unplug: commands(held === undefined ? [] : unplugSteps(held), functions),
    };
  } catch (error) {
    if (isComputeError(error)) return { refused: error.message };
    throw error;
  }
}

function toVif(wire: WireVif): Vif {
  const { qbg_params: qbg } = wire;
  return {
    portId: wire.id,
    macAddress: wire.mac,
    vnicType: wire.vnic_type,
    vifType: wire.vif_type ?? '',
    details: wire.details,
    profile: wire.profile,
    network: {
      id: wire.network.id,
      name: '',
      mtu: wire.network.mtu ?? wire.network.meta?.mtu ?? null,
      bridge: wire.network.bridge,
    },
    fixedIps: [],
    devName: wire.devname,
    tag: null,
    ...(qbg !== undefined && {
      qbg: {
        interface: wire.network.meta?.interface ?? '',
        managerId: qbg.managerid,
        typeId: qbg.typeid,
        version: qbg.typeidversion,
        instanceId: qbg.instanceid,
      },
    }),
  };
}

/** The steps on the VF as one command each: what is set, to which value, in order. */
function commands(steps: readonly Step[], functions: WireFunction[]): string[] {
  return steps.filter(isVfStep).map((step) => {
    const vf = functions.find(({ address }) => address === step.address);
    const pf = functions.find(({ address }) => address === vf?.pf);
    if (step.do === 'set-vf-link') {
      return `ip link set ${vf?.ifname} address ${step.macAddress} ${step.up ? 'up' : 'down'}`;
    }
    const { macAddress, vlan, trust } = step.change;
    const expected = [
      ...(macAddress === undefined ? [] : ['mac', macAddress]),
      ...(vlan === undefined ? [] : ['vlan', vlan]),
      ...(trust === undefined ? [] : ['trust', trust ? 'on' : 'off']),
    ];
    return `ip link set ${pf?.ifname} vf ${pf?.vfs?.indexOf(step.address)} ${expected.join(' ')}`;
  });
}

function isVfStep(step: Step): step is VfStep {
  return step.do === 'set-vf' || step.do === 'set-vf-link';
}

/** XML without regard to the order of attributes and children. */
export function canonical(xml: string): string {
  using document = XmlDocument.fromString(xml);
  return canonicalNode(document.root);
}

function canonicalNode(element: XmlElement): string {
  const attributes = element.attrs.map(({ name, content }) => `${name}=${content}`).sort();
  const children: string[] = [];
  for (let child = element.firstChild; child !== null; child = child.next) {
    if (child instanceof XmlElement) children.push(canonicalNode(child));
    else if (child instanceof XmlText && child.content.trim() !== '') children.push(child.content);
  }
  return `${element.name}(${attributes.join(',')})[${children.sort().join(' ')}]`;
}
