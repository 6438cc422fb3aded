/** A flavor: the size of a server and what else it requests. */
export interface Flavor {
  id: string;
  name: string;
  vcpus: number;
  memoryMib: number;
  diskGib: number;
  ephemeralGib: number;
  swapMib: number;
  rxtxFactor: number;
  isPublic: boolean;
  isDisabled: boolean;
  description: string | null;
  /** Example: `{ 'pci_passthrough:alias': 'gpu:1' }`. */
  extraSpecs: Record<string, string>;
}
