/** The name of the system's user, which the first run proposes as the person's own. */
import { userInfo } from 'node:os'

/** Empty if there is none. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    // In a container, the user may have no entry in the user database.
    return ''
  }
}
