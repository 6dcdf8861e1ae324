/** Work that is done again when it may have become outdated, and never twice at once for the same thing. */

/** The returned function does `work`, and once more for all calls that come meanwhile. */
export function coalesced(work: (key: string) => Promise<void>): (key: string) => Promise<void> {
  /** What is being worked on; true: once more. */
  const busy = new Map<string, boolean>()
  return async (key) => {
    if (busy.has(key)) {
      busy.set(key, true)
      return
    }
    do {
      busy.set(key, false)
      await work(key)
    } while (busy.get(key) === true)
    busy.delete(key)
  }
}
