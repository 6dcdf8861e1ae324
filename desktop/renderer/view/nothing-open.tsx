/** Shown while no conversation is open: what to do next, without and with friends. */
import { MessagesSquare } from 'lucide-react'
import { openDialog } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'

export function NothingOpen() {
  const { conversation, sidebar } = useText()
  const noFriends = useApp((state) => state.friends.size === 0)
  return (
    <div className="empty">
      <MessagesSquare size={40} strokeWidth={1.5} aria-hidden="true" />
      <h2>{noFriends ? sidebar.empty : conversation.none}</h2>
      <p>{noFriends ? sidebar.emptyHint : conversation.noneHint}</p>
      <button
        type="button"
        className="button main"
        style={{ marginBlockStart: '1rem' }}
        onClick={() => openDialog({ kind: 'add', tab: 'invite' })}
      >
        {sidebar.add}
      </button>
    </div>
  )
}
