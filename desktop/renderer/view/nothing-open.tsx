/** No conversation is open: what to do, for somebody who has nobody yet and for somebody who has. */
import { MessagesSquare } from 'lucide-react'
import { ask } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'

export function NothingOpen() {
  const { conversation, sidebar } = useText()
  const nobody = useApp((state) => state.friends.size === 0)
  return (
    <div className="empty">
      <MessagesSquare size={40} strokeWidth={1.5} aria-hidden="true" />
      <h2>{nobody ? sidebar.empty : conversation.none}</h2>
      <p>{nobody ? sidebar.emptyHint : conversation.noneHint}</p>
      <button
        type="button"
        className="button main"
        style={{ marginBlockStart: '1rem' }}
        onClick={() => ask({ kind: 'add', tab: 'invite' })}
      >
        {sidebar.add}
      </button>
    </div>
  )
}
