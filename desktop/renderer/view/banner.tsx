/** A line at the top about what does not work now: since when, and what Quorum does about it. Else, one reminder. */
import { CloudOff, LifeBuoy, RefreshCw, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { openDialog, openView } from '../state/actions.ts'
import { dismissReminder } from '../state/backups.ts'
import { useApp, useText } from '../state/state.ts'
import { sinceWhen } from '../model/format.ts'
import { IconButton } from './controls.tsx'

/**
 * Milliseconds without a node before it is shown: connecting at the start takes a moment, and short gaps are common.
 */
const offlineDelay = 4000

export function Banner() {
  const text = useText()
  const { banner } = text
  const ended = useApp((state) => state.process === 'ended')
  const offlineSince = useApp((state) => state.offlineSince)
  const noNode = useApp((state) => state.self !== undefined && state.self.nodes.length === 0)
  const reminds = useApp((state) => state.backups?.remind === true)
  const lasting = useLasting(offlineSince)
  if (ended) {
    return (
      <div className="banner" role="status">
        <RefreshCw size={18} aria-hidden="true" />
        <p>{banner.peerEnded}</p>
      </div>
    )
  }
  if (noNode) {
    return (
      <div className="banner" role="status">
        <CloudOff size={18} aria-hidden="true" />
        <p>{banner.noNode}</p>
        <button type="button" className="link-button" onClick={() => openView({ kind: 'settings', tab: 'nodes' })}>
          {banner.noNodeDo}
        </button>
      </div>
    )
  }
  if (offlineSince === undefined || !lasting) return reminds ? <Reminder /> : null
  return (
    <div className="banner" role="status">
      <CloudOff size={18} aria-hidden="true" />
      <p>
        <strong>{banner.offline(sinceWhen(offlineSince, Date.now(), text))}</strong> {banner.offlineHint}
      </p>
    </div>
  )
}

/** One quiet line, once: it ends with the first backup, or when it is dismissed, for ever. */
function Reminder() {
  const { backup } = useText()
  return (
    <div className="banner calm" role="status">
      <LifeBuoy size={18} aria-hidden="true" />
      <p>{backup.reminder}</p>
      <button type="button" className="link-button" onClick={() => openDialog({ kind: 'backup', weekly: false })}>
        {backup.open}
      </button>
      <IconButton label={backup.dismiss} onClick={() => void dismissReminder()}>
        <X size={18} />
      </IconButton>
    </div>
  )
}

function useLasting(since: number | undefined): boolean {
  const [lasting, setLasting] = useState(false)
  useEffect(() => {
    setLasting(false)
    if (since === undefined) return undefined
    const timer = setTimeout(() => setLasting(true), Math.max(0, since + offlineDelay - Date.now()))
    return () => clearTimeout(timer)
  }, [since])
  return lasting
}
