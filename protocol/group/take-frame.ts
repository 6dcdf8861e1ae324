/** Takes what a member says of a group, on a link or in a parcel. */
import { peerFromPublicKey } from '../identity/identity.ts'
import type { AboutGroup } from '../wire/group-frame.ts'
import { Holding } from './exchange.ts'
import { isAboutMembers, messageFromFrame } from './frames.ts'
import type { HeldGroup } from './held-group.ts'
import type { GroupMessage } from './messages.ts'
import type { Seen } from './seen.ts'

/**
 * Returns the answers to what is about the ledger or the talk. `holding`: what is known of what `from` holds. Errors:
 * `verification-failed`, `bad-request`, `too-large`, those of the store.
 */
export function takeFrame(group: HeldGroup, about: AboutGroup, from: string, holding = new Holding()): GroupMessage[] {
  if (!isAboutMembers(about)) return group.receive(messageFromFrame(about, group.id), from, holding)
  if (about.kind === 'cards') for (const signed of about.signed) group.takeCard(signed)
  if (about.kind === 'seen' && group.has(from)) {
    group.hear(seenIn(about), from)
    group.known.hearLedger(from, about.decisions, about.digest)
  }
  return []
}

export function seenIn({ by }: Extract<AboutGroup, { kind: 'seen' }>): Seen[] {
  return by.flatMap(({ member, chains }) => chains.map((one) => ({ ...one, member: peerFromPublicKey(member) })))
}
