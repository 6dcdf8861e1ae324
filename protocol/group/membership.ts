/**
 * Who is in a group: a pure function of its ledger, the same whatever the order of arrival (docs/protocol.md, "Groups",
 * Who is in).
 *
 * Three rules make it so. A right reaches downwards only: an admin decides about members and about admins below. What
 * ends an office voids what that admin said without having seen the end, so that nothing is gained by writing into the
 * past. And a removal holds against every admission that had not seen it.
 */
import { byUnits } from '../base/by-units.ts'
import type { Decision, DecisionOf } from './decision.ts'
import type { Ledger } from './ledger.ts'

/** An appointment of an admin by somebody who might. */
interface Office {
  appointment: DecisionOf<'role'>
  /** Removals, demotions or departures that the appointment had not seen: the office is over if there are any. */
  ended: readonly Decision[]
}

type Removal = DecisionOf<'remove'> | DecisionOf<'leave'>
/** The founding admits its author. */
type Admission = DecisionOf<'found'> | DecisionOf<'add'>

export interface Membership {
  founder: string
  /** Those who are in, with the hashes of the admissions that make them so, in the order of the ledger. */
  members: ReadonlyMap<string, readonly string[]>
  /** The most senior one first. */
  offices: readonly Office[]
  /** Decisions that count, by hash: 0 is the founder's, `n` one of the office `offices[n - 1]`. */
  power: ReadonlyMap<string, number>
  /** All that count, by person. */
  removals: ReadonlyMap<string, readonly Removal[]>
  /** Hashes of all admissions that count: talk under others does not. */
  admissions: ReadonlySet<string>
  /** By admission, the removals that it had not seen: talk under it counts up to their `upTo`. */
  cuts: ReadonlyMap<string, readonly Removal[]>
  /** The last name that counts. */
  name: string
  /** The last picture that counts; empty: none. */
  picture: Uint8Array
}

/** Errors: `Error` for a ledger without a founding, which holds nothing. */
export function membership(ledger: Ledger): Membership {
  const all = ledger.decisions
  const [founding] = all
  if (founding?.kind !== 'found') throw new Error('A ledger without a founding')
  const founder = founding.author
  const power = new Map<string, number>()
  for (const one of all) if (one.author === founder && one.kind !== 'leave') power.set(one.hash, 0)
  const offices = officesOf(ledger, power)
  const removals = removalsOf(ledger, founder, offices, power)
  const admissions = new Map<string, Admission[]>()
  for (const one of all) {
    if (one.kind === 'found') admissions.set(founder, [one])
    else if (one.kind === 'add' && power.has(one.hash)) add(admissions, one.member, one)
  }
  const members = new Map<string, string[]>()
  const cuts = new Map<string, Removal[]>()
  for (const [who, theirs] of admissions) {
    for (const admission of theirs) {
      const open = (removals.get(who) ?? []).filter((removal) => !ledger.sees(admission, removal))
      if (open.length > 0) cuts.set(admission.hash, open)
      else add(members, who, admission.hash)
    }
  }
  const named = all
    .filter((one) => one.kind === 'name' && power.has(one.hash))
    .toSorted(inOrder)
    .at(-1)
  return {
    founder,
    members,
    offices,
    power,
    removals,
    admissions: new Set([...admissions.values()].flat().map(({ hash }) => hash)),
    cuts,
    name: named?.kind === 'name' ? named.name : founding.name,
    picture: named?.kind === 'name' ? named.picture : new Uint8Array(),
  }
}

/** 0 for the founder, 1 for the most senior admin and so on; Infinity for members without an office, and others. */
export function seniority({ founder, members, offices }: Membership, who: string): number {
  if (!members.has(who)) return Infinity
  if (who === founder) return 0
  const at = offices.findIndex(({ appointment, ended }) => appointment.member === who && ended.length === 0)
  return at < 0 ? Infinity : at + 1
}

/** Adds to `power` what admins have decided. Each office looks only at those above it, which are known by then. */
function officesOf(ledger: Ledger, power: Map<string, number>): Office[] {
  const all = ledger.decisions
  const appointments = all.filter((one): one is DecisionOf<'role'> => one.kind === 'role' && one.rank > 0)
  const offices: Office[] = []
  for (const appointment of appointments.toSorted((a, b) => a.rank - b.rank || byUnits(a.hash, b.hash))) {
    if (!power.has(appointment.hash)) continue
    const number = offices.length + 1
    const { member, rank } = appointment
    const ended = all.filter((one) => {
      if (one === appointment || ledger.sees(appointment, one)) return false
      if (one.kind === 'leave') return one.author === member
      const ends = one.kind === 'remove' || (one.kind === 'role' && one.rank === 0)
      return ends && one.member === member && (power.get(one.hash) ?? number) < number
    })
    offices.push({ appointment, ended })
    for (const one of all) {
      if (one.author !== member || power.has(one.hash) || !ledger.sees(one, appointment)) continue
      if (!mayDecide(one, rank)) continue
      const counts = ended.every(
        (end) => ledger.sees(end, one) && !(end.kind === 'remove' && end.undo.includes(one.hash)),
      )
      if (counts) power.set(one.hash, number)
    }
  }
  return offices
}

function mayDecide(decision: Decision, rank: number): boolean {
  switch (decision.kind) {
    case 'add':
    case 'remove':
    case 'name':
      return true
    case 'role':
      return decision.rank === 0 || decision.rank > rank
    case 'found':
    case 'leave':
    case 'unknown':
      return false
  }
}

/** The founder cannot be removed, nor an admin by one who is not above. */
function removalsOf(
  ledger: Ledger,
  founder: string,
  offices: readonly Office[],
  power: ReadonlyMap<string, number>,
): Map<string, Removal[]> {
  const removals = new Map<string, Removal[]>()
  for (const one of ledger.decisions) {
    if (one.kind === 'leave') add(removals, one.author, one)
    if (one.kind !== 'remove' || one.member === founder) continue
    const by = power.get(one.hash)
    if (by === undefined) continue
    const senior = offices
      .slice(0, by)
      .some(({ appointment, ended }) => appointment.member === one.member && ended.length === 0)
    if (!senior) add(removals, one.member, one)
  }
  return removals
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** Concurrent ones by their hash, which nobody chooses freely. */
function inOrder(a: Decision, b: Decision): number {
  return a.lamport - b.lamport || byUnits(a.hash, b.hash)
}
