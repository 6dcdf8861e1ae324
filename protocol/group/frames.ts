/** Between the frames of /quorum/group/1.0.0 and what they say: reads and verifies what is signed. */
import { QuorumError } from '../base/errors.ts'
import type { AboutGroup, GroupStateContent } from '../wire/group-frame.ts'
import type { Entry } from './entry.ts'
import type { GroupMessage, State } from './messages.ts'
import { readDecision, readEntry } from './signed.ts'

/** What frames say about the members of a group, besides its ledger and its talk. */
type AboutMembers = Extract<AboutGroup, { kind: 'cards' | 'seen' | 'typing' }>

export function isAboutMembers(about: AboutGroup): about is AboutMembers {
  return about.kind === 'cards' || about.kind === 'seen' || about.kind === 'typing'
}

/** `cards`: which ones are held, told with a state. */
export function messageToFrame(message: GroupMessage, cards: () => GroupStateContent['cards']): AboutGroup {
  switch (message.kind) {
    case 'state': {
      const { kind, answer, decisions, digest, ids, chains, holes, again } = message
      return {
        kind,
        answer,
        decisions,
        digest,
        ...(ids !== undefined && { ids: [...ids] }),
        chains: [...chains].map(([chain, end]) => ({ chain, ...end, holes: [...(holes.get(chain) ?? [])] })),
        again: [...again],
        cards: cards(),
      }
    }
    case 'decisions':
    case 'out':
      return { kind: message.kind, signed: message.decisions.map(({ signed }) => signed) }
    case 'entries': {
      const { kind, base, entries } = message
      return { kind, ...(base && { base }), signed: entries.map(({ signed }) => signed) }
    }
    case 'hashes':
      return { ...message, hashes: [...message.hashes] }
    case 'proof':
      return { kind: 'proof', signed: message.twins.map(({ signed }) => signed) }
    case 'successor':
      return { kind: 'successor', signed: message.entry.signed }
    case 'fill':
      return { ...message, signed: message.entries.map(({ signed }) => signed) }
    case 'yours':
      return { kind: 'yours', signed: message.entries.map(({ signed }) => signed) }
  }
}

/** Errors: `verification-failed`, `bad-request`, `too-large`. */
export function messageFromFrame(about: Exclude<AboutGroup, AboutMembers>, group: string): GroupMessage {
  const read = (signed: readonly Uint8Array[]): Entry[] => signed.map((bytes) => readEntry(bytes, group))
  switch (about.kind) {
    case 'state':
      return stateFromFrame(about)
    case 'decisions':
    case 'out':
      return { kind: about.kind, decisions: about.signed.map((bytes) => readDecision(bytes, group)) }
    case 'entries': {
      const entries = read(about.signed)
      if (new Set(entries.map(({ chain }) => chain)).size > 1)
        throw new QuorumError('bad-request', 'Entries of several chains together')
      return { kind: 'entries', ...(about.base && { base: about.base }), entries }
    }
    case 'hashes':
      return about
    case 'proof': {
      const [one, other, ...more] = read(about.signed)
      if (one === undefined || other === undefined || more.length > 0)
        throw new QuorumError('bad-request', 'A proof has two entries')
      return { kind: 'proof', twins: [one, other] }
    }
    case 'successor':
      return { kind: 'successor', entry: readEntry(about.signed, group) }
    case 'fill':
      return { kind: 'fill', chain: about.chain, hole: about.hole, entries: read(about.signed) }
    case 'yours':
      return { kind: 'yours', entries: read(about.signed) }
  }
}

function stateFromFrame({ answer, decisions, digest, ids, chains, again }: GroupStateContent): State {
  return {
    kind: 'state',
    answer,
    decisions,
    digest,
    again,
    ...(ids !== undefined && { ids }),
    chains: new Map(
      chains.map(({ chain, sequence, hash, forkAt }) => [
        chain,
        { sequence, hash, ...(forkAt === undefined ? {} : { forkAt }) },
      ]),
    ),
    holes: new Map(chains.flatMap(({ chain, holes }) => (holes.length === 0 ? [] : [[chain, holes] as const]))),
  }
}
