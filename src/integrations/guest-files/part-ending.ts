/** Ending of a file that is being written: it gets its name when it is whole and on disk. */
export const partEnding = '.part';
