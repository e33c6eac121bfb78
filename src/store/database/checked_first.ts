/** Up to this size, in bytes, a database is checked before it is used, if it was not closed. */
export const CHECKED_FIRST: number = 256 * 1024 * 1024;
