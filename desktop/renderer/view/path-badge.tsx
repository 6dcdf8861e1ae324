/** How a friend is reached, in a few words; a click opens the details. */
import type { Friend } from '#protocol'
import { isolate } from '../../text/foreign.ts'
import { toggleDetails } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'
import { nameOf } from '../model/friend-display.ts'

export function PathBadge({ friend }: { friend: Friend }) {
  const { path } = useText()
  const details = useApp((state) => state.details)
  const process = useApp((state) => state.process)
  if (friend.state !== 'friend') return null
  const reached = friend.online && friend.path !== 'none' && process === 'running'
  const label = reached ? path[friend.path === 'direct' ? 'direct' : 'relayed'] : path.waiting(isolate(nameOf(friend)))
  const explanation = reached ? path[friend.path === 'direct' ? 'directLong' : 'relayedLong'] : path.noneLong
  return (
    <button
      type="button"
      className="path-badge"
      aria-expanded={details}
      aria-label={`${path.label}: ${label}`}
      aria-description={explanation}
      data-tooltip={explanation}
      onClick={toggleDetails}
    >
      <span className={`dot ${reached ? 'good' : ''}`} aria-hidden="true" />
      <span className="one-line">{label}</span>
    </button>
  )
}
