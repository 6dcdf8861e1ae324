/** Which decisions explain that somebody is in a group, or that they are not. */
import type { Decision, DecisionOf } from './decision.ts'
import type { Ledger } from './ledger.ts'
import type { Membership } from './membership.ts'

/** The admissions of somebody who is in, and their pasts. */
export function whyIn(ledger: Ledger, { members }: Membership, who: string): Decision[] {
  const admissions = members.get(who) ?? []
  return withPast(ledger, (one) => admissions.includes(one.hash))
}

/** What took membership or office from somebody, or from who had given it to them, and the pasts of that. */
export function whyOut(ledger: Ledger, membership: Membership, who: string): Decision[] {
  const why = endersOf(ledger, membership, who, new Set())
  return withPast(ledger, (one) => why.has(one))
}

/** `other` has been in, and `self` was let in by somebody who had not seen that they are out. */
export function wereTogether(ledger: Ledger, { removals }: Membership, self: string, other: string): boolean {
  if (!ledger.hasBeenIn(other)) return false
  const out = removals.get(other) ?? []
  const admissions = ledger.decisions.filter(
    (one) => (one.kind === 'add' && one.member === self) || (one.kind === 'found' && one.author === self),
  )
  return admissions.some((one) => out.length === 0 || !out.every((removal) => ledger.sees(one, removal)))
}

function endersOf(ledger: Ledger, membership: Membership, who: string, asked: Set<string>): Set<Decision> {
  if (asked.has(who)) return new Set()
  asked.add(who)
  const { removals, offices, power } = membership
  const ended = offices.flatMap(({ appointment, ended: by }) => (appointment.member === who ? by : []))
  const given = ledger.decisions
    .filter((one): one is DecisionOf<'add' | 'role'> => one.kind === 'add' || one.kind === 'role')
    .filter((one) => one.member === who && !power.has(one.hash))
    .flatMap(({ author }) => [...endersOf(ledger, membership, author, asked)])
  const enders = [...(removals.get(who) ?? []), ...ended]
  // They may believe that who decided that had lost the right to it.
  const doubted = new Set(enders.filter(({ kind }) => kind !== 'leave').map(({ author }) => author))
  const upheld = ledger.decisions
    .filter(
      (one): one is DecisionOf<'remove' | 'role'> => one.kind === 'remove' || (one.kind === 'role' && one.rank === 0),
    )
    .filter((one) => doubted.has(one.member) && !power.has(one.hash))
    .flatMap(({ author }) => [...endersOf(ledger, membership, author, asked)])
  return new Set([...enders, ...given, ...upheld])
}

function withPast(ledger: Ledger, chosen: (decision: Decision) => boolean): Decision[] {
  const tops = ledger.decisions.filter(chosen)
  return ledger.decisions.filter((one) => tops.some((top) => top === one || ledger.sees(top, one)))
}
