/** What can be done about a group: the buttons of the details, and the menu of the list. */
import { Bell, BellOff, DoorOpen, Info, PenLine, Search, Trash2, UserRoundPlus } from 'lucide-react'
import type { Group } from '#protocol'
import type { Catalogue } from '../../text/catalogue.ts'
import { openDetails, openDialog } from '../state/actions.ts'
import { muteGroup } from '../state/groups.ts'
import { isIn, mayManage } from '../model/group-display.ts'
import type { MenuItem } from './menu.tsx'

/** What `self`, this person, may do with the group as a whole; leaving it is last. */
export function groupActions(group: Group, self: string, { group: labels }: Catalogue): MenuItem[] {
  const { group: id, muted } = group
  const open = (kind: 'group-invite' | 'group-rename' | 'group-leave') => (): void => openDialog({ kind, group: id })
  const manage = [
    { label: labels.invite, icon: <UserRoundPlus size={16} />, onChoose: open('group-invite') },
    { label: labels.rename, icon: <PenLine size={16} />, onChoose: open('group-rename') },
  ]
  const mute = {
    label: muted ? labels.unmute : labels.mute,
    icon: muted ? <Bell size={16} /> : <BellOff size={16} />,
    onChoose: () => void muteGroup(id, !muted),
  }
  const leave = { label: labels.leave, icon: <DoorOpen size={16} />, onChoose: open('group-leave') }
  const forget = { label: labels.forget, icon: <Trash2 size={16} />, onChoose: open('group-leave') }
  if (isIn(group)) return [...(mayManage(group, self) ? manage : []), mute, leave]
  return group.state === 'invited' ? [] : [forget]
}

/** The menu of a group in the list. */
export function groupMenu(group: Group, self: string, text: Catalogue): MenuItem[] {
  const { conversation } = text
  const { group: id } = group
  return [
    { label: conversation.details, icon: <Info size={16} />, onChoose: () => openDetails(id) },
    {
      label: conversation.searchHere,
      icon: <Search size={16} />,
      onChoose: () => openDialog({ kind: 'search', conversation: id }),
    },
    ...groupActions(group, self, text),
  ]
}
