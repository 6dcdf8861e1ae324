/** How a friend is reached, in two or three words; a click tells more. */
import type { Friend } from '#protocol'
import { isolate } from '../../text/foreign.ts'
import { toggleDetails } from '../state/actions.ts'
import { nameOf } from '../model/friend-display.ts'
import { useApp, useText } from '../state/state.ts'

export function PathBadge({ friend }: { friend: Friend }) {
  const { path } = useText()
  const details = useApp((state) => state.details)
  const process = useApp((state) => state.process)
  if (friend.state !== 'friend') return null
  const there = friend.online && friend.path !== 'none' && process === 'running'
  const said = there ? path[friend.path === 'direct' ? 'direct' : 'relayed'] : path.waiting(isolate(nameOf(friend)))
  return (
    <button
      type="button"
      className="path-badge"
      aria-expanded={details}
      aria-label={`${path.label}: ${said}`}
      title={there ? path[friend.path === 'direct' ? 'directLong' : 'relayedLong'] : path.noneLong}
      onClick={toggleDetails}
    >
      <span className={`dot ${there ? 'good' : ''}`} aria-hidden="true" />
      <span className="one-line">{said}</span>
    </button>
  )
}
