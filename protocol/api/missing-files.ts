/** What of a transfer did not arrive and can be offered again. Pure: the window shares it. */
import type { MissingFile } from '../store/transfer-summary.ts'

/** It may be readable by now. A link is left out each time, and so is what cannot be named. */
export function maySendAgain({ why }: MissingFile): boolean {
  return why === 'unreadable' || why === 'size' || why === 'changed'
}
