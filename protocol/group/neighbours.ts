/**
 * To whom in a group what is new is passed on: to all in a small one, else to the two nearest on each side of a ring of
 * PeerIds, and to some that are drawn at random, others each day. Both ends of a pair draw alike.
 */
import { byUnits } from '../base/by-units.ts'
import { day } from '../base/units.ts'
import { digest } from '../identity/identity.ts'
import { groupLimits } from './limits.ts'

/** Of so many on each side of the ring. */
const besides = 2

/** `self` is one of `members`, which are PeerIds. `now`: milliseconds since the epoch. */
export function neighboursOf(self: string, members: Iterable<string>, now: number): Set<string> {
  const all = [...members].toSorted(byUnits)
  const others = all.filter((member) => member !== self)
  if (others.length <= groupLimits.links) return new Set(others)
  const at = all.indexOf(self)
  const ring = Array.from({ length: besides }, (_, by) => [at + by + 1, at - by - 1])
    .flat()
    .flatMap((place) => all.at(place % all.length) ?? [])
  const today = Math.floor(now / day)
  const drawn = others
    .filter((member) => !ring.includes(member))
    .map((member) => ({ member, lot: lotOf(self, member, today) }))
    .toSorted((a, b) => Buffer.compare(a.lot, b.lot))
    .slice(0, groupLimits.links - ring.length)
  return new Set([...ring, ...drawn.map(({ member }) => member)])
}

/** The same for both. */
function lotOf(one: string, other: string, today: number): Uint8Array {
  return digest(Buffer.from([today, ...[one, other].toSorted(byUnits)].join('\n')))
}
