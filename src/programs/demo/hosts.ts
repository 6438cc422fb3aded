/** The hosts of the demo: they differ, so that the scheduler has something to decide. */
import { builtInSpec, type Config } from '../config/config.ts';

const size = { vcpus: 8, memoryMib: 16_384, diskGib: 200 };
const [first, second] = builtInSpec;

/**
 * host-1 has both cards; host-2 has more room, and VFs on physnet1 alone; host-3 has VFs on
 * physnet2 alone. A server with ports on physnet1 fits on host-1 and host-2, and host-2 is the
 * better one.
 */
export const demoHosts: Config['simulated'] = {
  kind: 'captured',
  hosts: [
    { ...size, name: 'host-1', deviceSpec: builtInSpec },
    { ...size, name: 'host-2', vcpus: 16, memoryMib: 32_768, deviceSpec: first ? [first] : [] },
    { ...size, name: 'host-3', deviceSpec: second ? [second] : [] },
  ],
};
