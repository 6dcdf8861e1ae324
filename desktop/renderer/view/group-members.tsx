/** The members of a group, each with their office, and what this person may decide about them. */
import { EllipsisVertical, MessageSquare, ShieldMinus, ShieldPlus, UserRoundMinus, UserRoundPlus } from 'lucide-react'
import type { Group, GroupMember } from '#protocol'
import type { Catalogue } from '../../text/catalogue.ts'
import { isolate } from '../../text/foreign.ts'
import { openConversation, openDialog, requestFriend } from '../state/actions.ts'
import { setGroupRole } from '../state/groups.ts'
import { useApp, useText } from '../state/state.ts'
import { attempt, toast } from '../state/toasts.ts'
import { shortId } from '../model/friend-display.ts'
import { mayDecideAbout, memberName, memberNames } from '../model/group-display.ts'
import { openContextMenu } from './context-menu.tsx'
import { Face } from './controls.tsx'
import { Menu } from './menu.tsx'
import type { MenuItem } from './menu.tsx'

export function GroupMembers({ group, self }: { group: Group; self: string }) {
  return (
    <ul className="members">
      {group.members.map((member) => (
        <li key={member.peer}>
          <Member group={group} member={member} self={self} />
        </li>
      ))}
    </ul>
  )
}

function Member({ group, member, self }: { group: Group; member: GroupMember; self: string }) {
  const text = useText()
  const { group: labels, common, sidebar } = text
  const { peer, online, friend } = member
  const asked = useApp((state) => state.friends.get(peer)?.state === 'requested')
  const own = peer === self
  const ambiguous = memberNames(group.members).get(peer)?.endsWith(shortId(peer)) === true
  const items = actionsOf(group, member, self, asked, text)
  const office = officeOf(group, member, text)
  const relation = own || friend ? '' : asked ? labels.askedFriend : labels.noFriend
  const name = memberName(member)
  return (
    <div className="member" onContextMenu={(event) => openContextMenu(event, items)}>
      <Face name={name} peer={peer} online={online && !own} />
      <span className="name">
        <bdi className="one-line">{name}</bdi>
        {own && <span className="quiet">({common.you})</span>}
        {(ambiguous || (!friend && !own)) && (
          <bdi className="quiet small short-id" dir="ltr">
            {shortId(peer)}
          </bdi>
        )}
        {online && !own && <span className="screen-reader-only">{sidebar.online}</span>}
      </span>
      <span className="quiet small about">{[office, relation].filter((one) => one !== '').join(' · ')}</span>
      {items.length > 0 ? (
        <Menu label={labels.memberActions(isolate(name))} icon={<EllipsisVertical size={18} />} items={items} />
      ) : (
        <span />
      )}
    </div>
  )
}

function officeOf({ founder }: Group, { peer, rank }: GroupMember, { group }: Catalogue): string {
  if (peer === founder) return group.founder
  return rank === 0 ? '' : rank === 1 ? group.admin : group.adminOf(rank)
}

function actionsOf(
  group: Group,
  member: GroupMember,
  self: string,
  asked: boolean,
  { group: labels }: Catalogue,
): MenuItem[] {
  const { group: id, rank: ownRank } = group
  const { peer, rank, friend } = member
  if (peer === self) return []
  const write = {
    label: labels.write,
    icon: <MessageSquare size={16} />,
    onChoose: () => void openConversation(peer),
  }
  const ask = {
    label: labels.askFriend,
    icon: <UserRoundPlus size={16} />,
    onChoose: () => void befriend(member, labels),
  }
  const appoint = {
    label: labels.makeAdmin,
    icon: <ShieldPlus size={16} />,
    // The most senior office that this person may give.
    onChoose: () => void setGroupRole(id, peer, ownRank + 1),
  }
  const takeOffice = {
    label: labels.takeOffice,
    icon: <ShieldMinus size={16} />,
    onChoose: () => void setGroupRole(id, peer, 0),
  }
  const remove = {
    label: labels.remove,
    icon: <UserRoundMinus size={16} />,
    onChoose: () => openDialog({ kind: 'group-remove', group: id, peer }),
  }
  return [
    ...(friend ? [write] : asked ? [] : [ask]),
    ...(mayDecideAbout(group, member, self) ? [rank === 0 ? appoint : takeOffice, remove] : []),
  ]
}

async function befriend(member: GroupMember, labels: Catalogue['group']): Promise<void> {
  await attempt(async () => {
    const { friend } = await requestFriend(member.peer, '')
    const name = isolate(memberName(member))
    toast(friend.state === 'friend' ? labels.friendNow(name) : labels.friendAsked(name))
  })
}
