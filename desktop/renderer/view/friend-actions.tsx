/** What can be done about a friend: the buttons of the details, and the menu of the list. */
import { Ban, Info, RotateCcw, Search, ShieldQuestion, UserRoundMinus, UserRoundPlus, UserRoundX } from 'lucide-react'
import type { Friend } from '#protocol'
import type { Catalogue } from '../../text/catalogue.ts'
import { askAgain, changeFriendship, openDetails, openDialog } from '../state/actions.ts'
import type { MenuItem } from './menu.tsx'

/** What changes the friendship. */
export function friendshipActions({ peer, state }: Friend, { details, request }: Catalogue): MenuItem[] {
  const remove = {
    label: details.remove,
    icon: <UserRoundMinus size={16} />,
    onChoose: () => openDialog({ kind: 'remove', peer }),
  }
  const withdraw = {
    label: request.withdraw,
    icon: <UserRoundX size={16} />,
    onChoose: () => void changeFriendship('removeFriend', peer),
  }
  const again = {
    label: request.again,
    icon: <UserRoundPlus size={16} />,
    onChoose: () => void askAgain(peer),
  }
  const unblock = {
    label: details.unblock,
    icon: <RotateCcw size={16} />,
    onChoose: () => void changeFriendship('unblockPeer', peer),
  }
  const block = { label: details.block, icon: <Ban size={16} />, onChoose: () => openDialog({ kind: 'block', peer }) }
  switch (state) {
    case 'friend':
      return [remove, block]
    case 'requested':
      return [withdraw, block]
    case 'blocked':
      return [unblock]
    case 'incoming':
      return [block]
    case 'removed':
      return [again, block]
  }
}

/** The menu of a friend in the list. */
export function friendMenu(friend: Friend, text: Catalogue): MenuItem[] {
  const { peer, state } = friend
  const { conversation, details } = text
  return [
    { label: conversation.details, icon: <Info size={16} />, onChoose: () => openDetails(peer) },
    {
      label: conversation.searchHere,
      icon: <Search size={16} />,
      onChoose: () => openDialog({ kind: 'search', conversation: peer }),
    },
    ...(state === 'friend'
      ? [
          {
            label: details.verify,
            icon: <ShieldQuestion size={16} />,
            onChoose: () => openDialog({ kind: 'verify', peer }),
          },
        ]
      : []),
    ...friendshipActions(friend, text),
  ]
}
