/** Name of the ports that the load creates itself; those that Novella creates have none. */
export const ownName = 'torture';
