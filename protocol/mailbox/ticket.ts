import { digest } from '../identity/identity.ts'
import { ticketHashLength } from '../wire/mailbox.ts'

/** The hash of a ticket, which names it to nodes. */
export function hashOf(ticket: Uint8Array): Uint8Array {
  return digest(ticket).subarray(0, ticketHashLength)
}
