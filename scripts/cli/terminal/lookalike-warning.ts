/** The warning about a person with the name of somebody who is known already, but with another identity. */
import type { Friend } from '#protocol'
import { say } from './client.ts'
import type { Client } from './client.ts'
import { shortId, shownName } from './view.ts'

/** Prints the warning if the name was in use before. `key`: of the warnings with this key only the last stays. */
export function warnOfLookalike(client: Client, friend: Friend, key?: string): void {
  const known = client.friends.knownBefore(friend)
  if (known === undefined) return
  const compared = known.verified ? ', whom you have verified' : ''
  say(
    client,
    `! ${withId(friend)} is not the ${withId(known)} you know${compared}: this is another identity. ` +
      'Perhaps they started anew, perhaps somebody took the name: a name is free for anybody. ' +
      'Ask them in another way before you go on.',
    'red',
    key,
  )
}

function withId(friend: Friend): string {
  return `${shownName(friend)} (${shortId(friend.peer)})`.trimStart()
}
