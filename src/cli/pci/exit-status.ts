/** Exit statuses of `pci check`; 2 is also that of input that cannot be read. */
export const exitStatus = { fine: 0, problems: 1, unsafe: 2 } as const;
