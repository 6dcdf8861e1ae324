/**
 * How the window shows friends: names without control characters, the identity beside names that look the same, and a
 * colour that a friend keeps.
 */
import { Lookalikes } from '#lookalike'
import type { Friend } from '#protocol'
import { cleanLine } from '../../text/foreign.ts'

/** Characters of a name; a longer one is shortened. */
const mostCharacters = 48
const colours = 8
const segmenter = new Intl.Segmenter()

export function nameOf(friend: Friend): string {
  const name = cleanLine(friend.name, mostCharacters)
  return name === '' ? shortId(friend.peer) : name
}

/** The last six characters of a PeerId, which distinguish two friends with the same name. */
export function shortId(peer: string): string {
  return `…${peer.slice(-6)}`
}

/** Compares the names that the window shows. */
export const lookalikes = new Lookalikes<Friend>(nameOf)

/** Whether another friend has a name that looks the same. The identity is then shown beside both. */
export function isAmbiguous(friend: Friend, friends: Iterable<Friend>): boolean {
  return lookalikes.isAmbiguous(friend, friends)
}

/** One or two letters. */
export function initials(name: string): string {
  const words = name.split(/[\s-]+/u).filter((word) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(word))
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => firstLetter(word ?? ''))
  const both = letters.join('')
  return both === '' ? '?' : both.toLocaleUpperCase()
}

/** 0 to 7, the same for a friend at every start. */
export function colourOf(peer: string): number {
  let sum = 0
  for (const character of peer) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973
  return sum % colours
}

function firstLetter(word: string): string {
  for (const { segment } of segmenter.segment(word)) {
    if (/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(segment)) return segment
  }
  return ''
}
