/** Which conversation a typed name means: that with a friend, or that of a group. It never guesses between the two. */
import { QuorumError } from '#protocol'
import type { Friend, Group } from '#protocol'
import type { Client } from './client.ts'
import { cleanLine } from './sanitize.ts'
import { meantBy } from './typed-name.ts'
import type { Nameable } from './typed-name.ts'

/** `#` before a name means a group, `@` a person. Errors: `not-found` if nothing, or more than one, is meant. */
export function conversationNamed(
  { friends, groups: all }: Client,
  typed: string,
): { friend: Friend } | { group: Group } {
  const grouped = all.all().length > 0
  if (grouped && typed.startsWith('#')) return { group: all.find(typed) }
  if (grouped && !typed.startsWith('@')) {
    const either: Nameable<{ friend: Friend } | { group: Group }>[] = [
      ...friends.nameable().map(({ value: friend, ...name }) => ({ ...name, value: { friend } })),
      ...all.nameable().map(({ value: group, ...name }) => ({ ...name, value: { group } })),
    ]
    const hint = 'Put @ before a person, # before a group, or use a number: 1 of /friends, #1 of /groups.'
    const named = meantBy(typed, either, { listed: friends.listed, hint })
    if (named !== undefined) return named
    const called = `Neither a person nor a group is called “${cleanLine(typed)}”.`
    throw new QuorumError('not-found', `${called} /friends and /groups list them.`)
  }
  return { friend: friends.find(typed) }
}
