/** After how long without traffic a connection is checked, in milliseconds. */
export const keepAliveMs = 5_000;
