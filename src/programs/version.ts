/** The version of this program, as package.json has it; a bundle has no package.json beside it. */
export const version = '0.2.0';
