/** An invitation to a group: as a card in the conversation with who sent it, and as the page of the group. */
import type { Group, Message } from '#protocol'
import { cleanLine, isolate } from '../../text/foreign.ts'
import { openConversation } from '../state/actions.ts'
import { declineGroup, joinGroup } from '../state/groups.ts'
import { useApp, useText } from '../state/state.ts'
import { authorName, groupName, isIn } from '../model/group-display.ts'
import { GroupFace } from './controls.tsx'

type Invitation = NonNullable<Message['invitation']>

/** Names of members that are shown; the others are counted. */
const mostNames = 5

export function InvitationCard({ message, invitation }: { message: Message; invitation: Invitation }) {
  const text = useText()
  const group = useApp((state) => state.groups.get(invitation.group))
  const name = groupName(invitation)
  const own = message.direction === 'out'
  return (
    <div className="bubble plain">
      <section className="invite-card group-card" aria-label={text.group.invitationTo(isolate(name))}>
        <span className="quiet small">{own ? text.group.invitedByYou : text.group.invitation}</span>
        <span className="invited">
          <GroupFace group={invitation} />
          <strong className="one-line">
            <bdi>{name}</bdi>
          </strong>
        </span>
        <WhoIsIn members={invitation.members} count={invitation.count} />
        {group !== undefined && isIn(group) && (
          <button type="button" className="button" onClick={() => void openConversation(group.group)}>
            {text.group.open}
          </button>
        )}
        {!own && group?.state === 'invited' && <Answer group={group} />}
        {!own && (group === undefined || group.state === 'left' || group.state === 'removed') && (
          <span className="quiet small">{text.group.invitationOver}</span>
        )}
      </section>
    </div>
  )
}

/** In place of the composer, in a group into which somebody asks this person. */
export function GroupInvited({ group }: { group: Group }) {
  const text = useText()
  const { invitedBy = '', invitation = { members: [], count: 0 } } = group
  const inviter = useApp((state) => authorName(state, group.group, invitedBy))
  return (
    <div className="composer">
      <section className="request group-invited" aria-label={text.group.asks(isolate(inviter))}>
        <GroupFace group={group} />
        <h3>{text.group.asks(isolate(inviter))}</h3>
        <WhoIsIn {...invitation} />
        <Answer group={group} />
      </section>
    </div>
  )
}

export function WhoIsIn({ members, count }: Pick<Invitation, 'members' | 'count'>) {
  const { group, tag } = useText()
  const names = members.slice(0, mostNames).map((name) => isolate(cleanLine(name, 48)))
  const more = count - names.length
  const list = new Intl.ListFormat(tag, { type: 'conjunction' })
  return (
    <p className="quiet small">
      {isolate(group.members(count))}
      {names.length > 0 && `: ${list.format(more > 0 ? [...names, group.others(more)] : names)}`}
    </p>
  )
}

/** What can be answered; after joining, what is waited for. */
function Answer({ group }: { group: Group }) {
  const { group: labels } = useText()
  const { group: id, invitedBy = '' } = group
  const inviter = useApp((state) => authorName(state, id, invitedBy))
  if (group.joining) return <p role="status">{labels.joining(isolate(inviter))}</p>
  const join = async (): Promise<void> => {
    if (await joinGroup(id)) await openConversation(id)
  }
  return (
    <div className="buttons">
      <button type="button" className="button main" onClick={() => void join()}>
        {labels.join}
      </button>
      <button type="button" className="button" onClick={() => void declineGroup(id)}>
        {labels.decline}
      </button>
    </div>
  )
}
