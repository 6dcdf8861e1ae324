/** One friend in the sidebar: presence, the newest message or the state of the friendship, and the unread count. */
import { BadgeCheck } from 'lucide-react'
import { memo } from 'react'
import { saidAt } from '#message-times'
import type { Friend, Message } from '#protocol'
import { cleanLine } from '../../text/foreign.ts'
import type { Catalogue } from '../../text/catalogue.ts'
import { openConversation } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'
import { shortWhen } from '../model/format.ts'
import { nameOf } from '../model/friend-display.ts'
import { titleOf } from '../model/transfer-display.ts'
import { openContextMenu } from './context-menu.tsx'
import { Avatar } from './controls.tsx'
import { friendMenu } from './friend-actions.tsx'
import { StateMark } from './state-mark.tsx'

export const PersonRow = memo(function PersonRow({ friend, last }: { friend: Friend; last: Message | undefined }) {
  const text = useText()
  const current = useApp((state) => state.open === friend.peer && state.view.kind === 'conversation')
  const typing = useApp((state) => state.typing.has(friend.peer))
  const draft = useApp((state) => state.drafts.get(friend.peer)?.text ?? '')
  const file = useApp(({ transfers }) => {
    const transfer = transfers.get(last?.transfer ?? '')
    return transfer === undefined ? '' : titleOf(transfer, text, 60)
  })
  const when = last === undefined ? '' : shortWhen(saidAt(last), Date.now(), text)
  return (
    <button
      type="button"
      className="person"
      aria-current={current}
      onClick={() => void openConversation(friend.peer)}
      onContextMenu={(event) => openContextMenu(event, friendMenu(friend, text))}
    >
      <Avatar friend={friend} presence />
      <span className="name">
        <bdi className="one-line">{nameOf(friend)}</bdi>
        {friend.verified && <BadgeCheck size={14} aria-label={text.details.verified} />}
        {friend.state === 'friend' && (
          <span className="screen-reader-only">{friend.online ? text.sidebar.online : text.sidebar.offline}</span>
        )}
      </span>
      <span className="when">{when}</span>
      {typing ? (
        <span className="preview live">
          <span className="one-line">{text.conversation.typing('').trim()}</span>
        </span>
      ) : (
        <span className={`preview ${friend.unread > 0 ? 'strong' : ''}`}>
          {draft !== '' && !current && <em>{text.sidebar.draft}</em>}
          {last?.direction === 'out' && draft === '' && friend.state === 'friend' && <StateMark message={last} />}
          <bdi className="one-line">
            {draft !== '' && !current ? cleanLine(draft, 80) : preview(friend, last, file, text)}
          </bdi>
        </span>
      )}
      {friend.unread > 0 ? (
        <span className="badge" aria-label={text.unread(friend.unread)}>
          {friend.unread > 999 ? '999+' : friend.unread}
        </span>
      ) : (
        <span />
      )}
    </button>
  )
})

function preview({ state }: Friend, last: Message | undefined, file: string, text: Catalogue): string {
  const { sidebar } = text
  switch (state) {
    case 'requested':
      return sidebar.asked
    case 'incoming':
      return sidebar.wants
    case 'blocked':
      return sidebar.blocked
    case 'removed':
      return sidebar.removed
    case 'friend':
      return last === undefined ? sidebar.noMessages : previewOf(last, file, text)
  }
}

/** A message in one line. `file`: what the window calls its files. */
export function previewOf(last: Message, file: string, { sidebar, message, group }: Catalogue): string {
  if (last.state === 'recalled') return sidebar.recalled
  if (last.unknown) return message.unknown
  if (last.invitation !== undefined) return group.invitation
  return cleanLine(last.text, 80) || file || sidebar.files
}
