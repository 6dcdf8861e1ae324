/** What of a transfer does not arrive although the rest does: by name, why, and what can be done. Pure. */
import { maySendAgain } from '#missing-files'
import type { MissingReason, Transfer } from '#protocol'
import { plural } from './amounts.ts'
import { cleanLine } from './sanitize.ts'

const reasons = {
  unreadable: 'cannot be read',
  name: 'its name is no text',
  size: 'does not tell its size',
  link: 'a link, which is not followed',
  special: 'a pipe, a socket or a device',
  changed: 'changed, moved or removed since it was offered',
} as const satisfies Record<MissingReason, string>

/** It is the sender's, and some of what is missing can be offered again. */
export function canBeSentAgain({ direction, state, missing = [] }: Transfer): boolean {
  const isOff = state === 'declined' || state === 'cancelled' || state === 'failed'
  return direction === 'out' && !isOff && missing.some(maySendAgain)
}

/** Lines without indent; none if all arrives. `most`: names at most. `number`: the transfer's, in commands. */
export function missingLines(transfer: Transfer, label: string, number: number | undefined, most: number): string[] {
  const { state, direction, missing = [], missingCount = 0 } = transfer
  if (missingCount === 0 || state === 'declined' || state === 'cancelled' || state === 'failed') return []
  const what = plural(missingCount, 'file')
  const lines = [state === 'done' ? `! ${what} missing:` : `! ${what} cannot be sent:`]
  for (const { path, why } of missing.slice(0, most)) lines.push(`  ${cleanLine(path)} (${reasons[why]})`)
  const more = missingCount - Math.min(most, missing.length)
  if (more > 0) lines.push(`  and ${more} more`)
  if (direction === 'in' && missing.some(maySendAgain)) lines.push(`  ${label} can send them again.`)
  else if (canBeSentAgain(transfer) && number !== undefined) lines.push(`  /resend ${number} offers them again, alone.`)
  return lines
}
