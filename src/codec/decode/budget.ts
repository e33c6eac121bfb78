/** How much of a long list may be read before the event loop gets its turn. */
export class Budget {
  /** List items; 0 or less means pause. */
  left: number;

  /** Allows `items`. */
  constructor(items: number) {
    this.left = items;
  }

  /** Accounts for one list item of `bytes` bytes: one, and one more for each 128 bytes. */
  spend(bytes: number): void {
    this.left -= 1 + (bytes >>> 7);
  }
}
