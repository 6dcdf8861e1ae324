/** Decisions of a group without signatures, for tests of what follows from them. */
import { createHash } from 'node:crypto'
import type { Action, Decision } from '../../protocol/group/decision.ts'
import { Ledger } from '../../protocol/group/ledger.ts'
import { membership, seniority, type Membership } from '../../protocol/group/membership.ts'

let made = 0

/** One that was said after those named in `heads`. */
export function decide(author: string, heads: readonly string[], action: Action): Decision {
  made += 1
  const hash = createHash('sha256').update(`${made} ${author} ${heads.join()} ${action.kind}`).digest('hex')
  return { ...action, hash, author, heads, lamport: made, time: 0, signed: new Uint8Array() }
}

export const found: Action = { kind: 'found', name: 'Group' }
export const add = (member: string, invitation = `${member} ${made}`): Action => ({
  kind: 'add',
  member,
  invitation,
  from: new Map(),
})
export const remove = (member: string, undo: readonly Decision[] = []): Action => ({
  kind: 'remove',
  member,
  upTo: new Map(),
  undo: undo.map(({ hash }) => hash),
})
export const role = (member: string, rank: number): Action => ({ kind: 'role', member, rank })
export const leave: Action = { kind: 'leave', upTo: new Map() }

/** What one member holds. */
export class Holder {
  readonly ledger = new Ledger()

  /** `decisions` are offered again until none is taken any more. */
  constructor(decisions: readonly Decision[] = []) {
    this.learn(decisions)
  }

  learn(decisions: readonly Decision[]): void {
    for (let before = -1; before < this.ledger.decisions.length;) {
      before = this.ledger.decisions.length
      for (const one of decisions) this.ledger.take(one)
    }
  }

  /** Says something after all that is held here, or after `heads`. */
  says(author: string, action: Action, heads: readonly string[] = this.ledger.heads): Decision {
    const decision = decide(author, heads, action)
    this.ledger.take(decision)
    return decision
  }

  get state(): Membership {
    return membership(this.ledger)
  }

  get members(): string[] {
    return [...this.state.members.keys()].toSorted()
  }

  seniority(who: string): number {
    return seniority(this.state, who)
  }
}

/** A group of `founder` with these members, the first `admins` of them admins of rank 1, 2 and so on. */
export function group(founder: string, members: readonly string[], admins = 0): Holder {
  const holder = new Holder()
  holder.says(founder, found, [])
  for (const member of members) holder.says(founder, add(member))
  for (const [at, member] of members.slice(0, admins).entries()) holder.says(founder, role(member, at + 1))
  return holder
}
