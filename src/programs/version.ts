/** The version of this program, from package.json; a bundle has no package.json beside it. */
export const version = '0.2.0';
