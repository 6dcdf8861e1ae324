/** The conversation in a group: its name and members, the messages, and the composer or why there is none. */
import { BellOff } from 'lucide-react'
import type { Group } from '#protocol'
import { isolate } from '../../text/foreign.ts'
import { openDialog, toggleDetails } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'
import { authorName, groupName, isIn } from '../model/group-display.ts'
import { Composer } from './composer.tsx'
import { GroupFace } from './controls.tsx'
import { Ended, HeadButtons } from './conversation.tsx'
import { GroupInvited } from './group-invitation.tsx'
import { MessageList } from './message-list.tsx'

export function GroupConversation({ group }: { group: Group }) {
  const rangeId = useApp((state) => state.conversations.get(group.group)?.rangeId ?? 0)
  return (
    <div className="centre" style={{ flex: 1 }}>
      <Head group={group} />
      <MessageList
        key={rangeId}
        conversation={group.group}
        unread={group.unread}
        writable={isIn(group)}
        beginning={<Beginning group={group} />}
      />
      <Foot group={group} />
    </div>
  )
}

function Head({ group }: { group: Group }) {
  const { group: labels } = useText()
  const shown = useApp((state) => state.details)
  const self = useApp((state) => state.self?.peer)
  const { members } = group
  const online = members.filter((member) => member.online && member.peer !== self).length
  const count = group.state === 'invited' ? (group.invitation?.count ?? 0) : members.length
  const line = isIn(group) && online > 0 ? labels.membersOnline(count, online) : labels.members(count)
  return (
    <header className="bar">
      <div className="who">
        <h2>
          <bdi className="one-line">{groupName(group)}</bdi>
          {group.muted && <BellOff size={15} className="calm" aria-label={labels.muted} />}
        </h2>
        <button type="button" className="path-badge" aria-expanded={shown} onClick={toggleDetails}>
          <span className="one-line">{isolate(line)}</span>
        </button>
      </div>
      <HeadButtons conversation={group.group} />
    </header>
  )
}

function Beginning({ group }: { group: Group }) {
  const { group: labels } = useText()
  return (
    <>
      <GroupFace group={group} />
      <h2>
        <bdi>{groupName(group)}</bdi>
      </h2>
      {group.state !== 'invited' && <p>{labels.start}</p>}
      <p>{labels.private}</p>
    </>
  )
}

/** The composer, or the reason why there is none. */
function Foot({ group }: { group: Group }) {
  const { group: labels } = useText()
  const { group: id, state, removedBy } = group
  const remover = useApp((app) => (removedBy === undefined ? undefined : authorName(app, id, removedBy)))
  const forget = (): void => openDialog({ kind: 'group-leave', group: id })
  switch (state) {
    case 'invited':
      return <GroupInvited group={group} />
    case 'left':
      return <Ended why={labels.left} action={labels.forget} onAction={forget} />
    case 'removed':
      return (
        <Ended
          why={remover === undefined ? labels.removed : labels.removedBy(isolate(remover))}
          action={labels.forget}
          onAction={forget}
        />
      )
    case 'member':
    case 'frozen':
      return (
        <Composer conversation={id} name={isolate(groupName(group))}>
          {state === 'frozen' && <p className="notice small">{labels.frozen}</p>}
          {group.members.length === 1 && <p className="composer-note">{labels.alone}</p>}
        </Composer>
      )
  }
}
