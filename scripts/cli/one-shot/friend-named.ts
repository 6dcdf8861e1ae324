/**
 * Finds the friend that a command line names: by name, handle, PeerId or the last characters of the PeerId. It never
 * guesses, because the files would go to the wrong friend.
 */
import { QuorumError } from '#protocol'
import type { Friend, Group } from '#protocol'
import { groupLabel } from '../terminal/group-view.ts'
import { cleanLine } from '../terminal/sanitize.ts'
import { labelOf } from '../terminal/view.ts'

/** The fewest last characters of a PeerId that name a friend. */
const shortestEnd = 4
const namedAtMost = 8

/**
 * Errors: `bad-request` if no person, more than one person, or a person who is not a friend is named. `groups`: files
 * pass between two friends, so that the name of one is an error of its own.
 */
export function friendNamed(people: readonly Friend[], text: string, groups: readonly Group[] = []): Friend {
  const known = people.filter(({ state }) => state !== 'removed')
  const wanted = cleanLine(text).toLowerCase()
  const ways: ((friend: Friend) => boolean)[] = [
    ({ peer }) => peer === text.trim(),
    ({ name }) => cleanLine(name).toLowerCase() === wanted,
    ({ handle }) => handle !== undefined && handle.toLowerCase() === wanted.replace(/^@/u, ''),
    ({ peer }) => wanted.length >= shortestEnd && peer.endsWith(text.trim().replace(/^…/u, '')),
  ]
  const meant = known.filter((friend) => ways.some((fits) => fits(friend)))
  const [friend] = meant
  if (meant.length > 1)
    throw refused(`“${cleanLine(text)}” could be ${listed(meant)}: give the last characters of the PeerId`)
  if (friend === undefined) {
    const group = groups.find(({ name }) => cleanLine(name).toLowerCase() === wanted.replace(/^#/u, ''))
    if (group !== undefined)
      throw refused(`${groupLabel(group, groups)} is a group, and files pass between two friends: name one of them`)
    const friends = known.filter(({ state }) => state === 'friend')
    const near = friends.filter(({ name }) => wanted !== '' && cleanLine(name).toLowerCase().includes(wanted))
    const hint =
      friends.length === 0
        ? 'You have no friends yet: start quorum and type /invite'
        : `There is ${listed(near.length > 0 ? near : friends)}`
    throw refused(`Nobody is called “${cleanLine(text)}”. ${hint}`)
  }
  if (friend.state === 'friend') return friend
  const why = {
    requested: 'has not accepted you yet',
    incoming: 'is waiting for your answer',
    blocked: 'is blocked',
  } as const
  throw refused(
    `${labelOf(friend, people)} ${friend.state === 'removed' ? 'is no longer a friend' : why[friend.state]}`,
  )

  function listed(some: readonly Friend[]): string {
    const names = some.slice(0, namedAtMost).map((one) => (meant.length > 1 ? withEnd(one) : labelOf(one, people)))
    return names.join(', ') + (some.length > namedAtMost ? ` and ${some.length - namedAtMost} more` : '')
  }
}

function withEnd(friend: Friend): string {
  return `${cleanLine(friend.name)} (…${friend.peer.slice(-6)})`
}

function refused(message: string): QuorumError {
  return new QuorumError('bad-request', message)
}
