/** People who come under a name that somebody else has here, by the names that the window shows. Pure. */
import type { Friend } from '#protocol'
import { lookalikes } from './friend-display.ts'

/** The one who was known by that name or handle before: `friend` has another identity. */
export function namesakeOf(friend: Friend, friends: Iterable<Friend>): Friend | undefined {
  return lookalikes.knownBefore(friend, friends)
}
