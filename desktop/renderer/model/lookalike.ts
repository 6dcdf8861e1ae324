/**
 * People who come under a name that somebody else has here. An identity is a key and never changes, so a person with
 * another key is another peer: what can be noticed is that the name or the handle of somebody known comes with one. Pure.
 */
import type { Friend } from '#protocol'
import { nameOf } from './friend-display.ts'

/** Letters, also of other alphabets, and digits that pass for a Latin letter in small print. */
const alike: Readonly<Record<string, string>> = {
  a: 'аα',
  b: 'в',
  c: 'с',
  d: 'ԁ',
  e: 'еε',
  h: 'һн',
  j: 'ј',
  k: 'кκ',
  l: 'iіıιӏ1|',
  m: 'м',
  o: 'оο0',
  p: 'рρ',
  s: 'ѕ',
  t: 'тτ',
  u: 'υ',
  v: 'ν',
  x: 'хχ',
  y: 'уγ',
}
const looks = new Map(Object.entries(alike).flatMap(([latin, others]) => [...others].map((other) => [other, latin])))

/**
 * The one who was known by that name or handle before. Of two it is the verified one, else the one who was there first;
 * who has been verified is nobody's double.
 */
export function namesakeOf(friend: Friend, friends: Iterable<Friend>): Friend | undefined {
  if (friend.verified) return undefined
  const [name, handle] = [skeleton(friend), friend.handle]
  let found: Friend | undefined
  for (const other of friends) {
    if (other.peer === friend.peer || other.state === 'incoming' || other.state === 'removed') continue
    const same = skeleton(other) === name || (handle !== undefined && other.handle === handle)
    if (!same || !(other.verified || other.addedAt < friend.addedAt)) continue
    if (found === undefined || (other.verified && !found.verified)) found = other
  }
  return found
}

const skeletons = new WeakMap<Friend, string>()

/** What a name looks like at a glance. */
function skeleton(friend: Friend): string {
  const known = skeletons.get(friend)
  if (known !== undefined) return known
  const plain = nameOf(friend).normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const drawn = [...plain].map((letter) => looks.get(letter) ?? letter).join('')
  const made = drawn.replace(/[\s._'-]+/gu, '')
  skeletons.set(friend, made)
  return made
}
