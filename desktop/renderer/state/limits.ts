/** Sizes that the window must know before it asks: the library's own, which it enforces. */
export const limits = {
  /** UTF-8 bytes of one message. */
  messageText: 64 * 1024,
}
