/**
 * The list of people on the screen. After it is printed it is updated in place while it is visible, because friends
 * come online in the seconds after a start.
 */
import stringWidth from 'string-width'
import { say } from './client.ts'
import type { Client } from './client.ts'
import { friendLine } from './view.ts'

/** The most people in the list. /open finds the others by name. */
const listedAtOnce = 100
const listKey = 'friends'

/** Prints the list that the numbers of /open refer to. */
export function listFriends(client: Client): void {
  if (client.friends.all().length === 0) {
    say(client, 'No friends yet. /invite makes a link for a friend, or paste the link of a friend.')
    return
  }
  client.screen.print(friendLines(client), listKey)
}

/** Updates the list in place if it is still on the screen. */
export function refreshFriends(client: Client): void {
  if (client.friends.all().length > 0) client.screen.replace(listKey, friendLines(client))
}

function friendLines(client: Client): string {
  const { friends, screen } = client
  const all = friends.list()
  const shown = all.slice(0, listedAtOnce)
  const cells = Math.max(...shown.map(({ peer }) => stringWidth(friends.label(peer))))
  const lines = shown.map((friend, index) => {
    const unread = friend.peer === client.current ? 0 : friend.unread
    const listed = {
      number: index + 1,
      friend,
      label: friends.label(friend.peer),
      cells,
      unread,
      known: friends.knownBefore(friend),
    }
    return friendLine(screen.look, listed, client.now())
  })
  if (all.length > listedAtOnce) lines.push(`     and ${all.length - listedAtOnce} more: /open finds them by name`)
  return lines.join('\n')
}
