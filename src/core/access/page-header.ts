/**
 * The header, and its value, that a request with the cookie of the page needs to change anything:
 * another site cannot send it.
 */
export const pageHeader = { name: 'x-novella-page', value: '1' } as const;
