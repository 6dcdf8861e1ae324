/** One group in the sidebar: its name and size, the newest message and by whom, and the unread count. */
import { BellOff, UsersRound } from 'lucide-react'
import { memo } from 'react'
import { saidAt } from '#message-times'
import type { Group, Message } from '#protocol'
import { cleanLine, isolate } from '../../text/foreign.ts'
import type { Catalogue } from '../../text/catalogue.ts'
import { openConversation } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'
import { shortWhen } from '../model/format.ts'
import { authorName, groupName } from '../model/group-display.ts'
import { openContextMenu } from './context-menu.tsx'
import { GroupFace } from './controls.tsx'
import { groupMenu } from './group-actions.tsx'
import { previewOf } from './person-row.tsx'
import { StateMark } from './state-mark.tsx'
import { useTyping } from './typing-line.tsx'

export const GroupRow = memo(function GroupRow({ group, last }: { group: Group; last: Message | undefined }) {
  const text = useText()
  const { group: id, muted, unread } = group
  const current = useApp((state) => state.open === id && state.view.kind === 'conversation')
  const self = useApp((state) => state.self?.peer ?? '')
  const typing = useTyping(id)
  const draft = useApp((state) => state.drafts.get(id)?.text ?? '')
  const author = useApp((state) => (last?.direction === 'in' ? authorName(state, id, last.peer) : ''))
  const drafted = draft !== '' && !current
  const count = group.state === 'invited' ? (group.invitation?.count ?? 0) : group.members.length
  return (
    <button
      type="button"
      className="person group"
      aria-current={current}
      onClick={() => void openConversation(id)}
      onContextMenu={(event) => openContextMenu(event, groupMenu(group, self, text))}
    >
      <GroupFace group={group} />
      <span className="name">
        <bdi className="one-line">{groupName(group)}</bdi>
        {muted && <BellOff size={13} aria-label={text.group.muted} />}
        <span className="size" aria-label={text.group.members(count)}>
          <UsersRound size={12} aria-hidden="true" />
          {count.toLocaleString(text.tag)}
        </span>
      </span>
      <span className="when">{last === undefined ? '' : shortWhen(saidAt(last), Date.now(), text)}</span>
      {typing === '' ? (
        <span className={`preview ${unread > 0 && !muted ? 'strong' : ''}`}>
          {drafted && <em>{text.sidebar.draft}</em>}
          {last?.direction === 'out' && !drafted && <StateMark message={last} />}
          <bdi className="one-line">{drafted ? cleanLine(draft, 80) : preview(group, last, author, text)}</bdi>
        </span>
      ) : (
        <span className="preview live">
          <span className="one-line">{typing}</span>
        </span>
      )}
      {unread > 0 ? (
        <span className={`badge ${muted ? 'calm' : ''}`} aria-label={text.unread(unread)}>
          {unread > 999 ? '999+' : unread}
        </span>
      ) : (
        <span />
      )}
    </button>
  )
})

function preview({ state, joining }: Group, last: Message | undefined, author: string, text: Catalogue): string {
  const { group } = text
  switch (state) {
    case 'invited':
      return joining ? group.joiningShort : group.invitation
    case 'left':
      return group.leftShort
    case 'removed':
      return group.removedShort
    case 'member':
    case 'frozen':
      if (last === undefined) return text.sidebar.noMessages
      return last.direction === 'out'
        ? previewOf(last, '', text)
        : group.said(isolate(author), previewOf(last, '', text))
  }
}
