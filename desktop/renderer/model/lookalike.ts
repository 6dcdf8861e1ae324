/** Friends and requests whose name looks like that of another friend, by the names that the window shows. Pure. */
import type { Friend } from '#protocol'
import { lookalikes } from './friend-display.ts'

/** The friend with another identity who had this name or handle before `friend`, if there is one. */
export function lookalikeOf(friend: Friend, friends: Iterable<Friend>): Friend | undefined {
  return lookalikes.knownBefore(friend, friends)
}
