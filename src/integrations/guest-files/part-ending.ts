/** Ending of a file that is being written: it is renamed when it is complete and on disk. */
export const partEnding = '.part';
