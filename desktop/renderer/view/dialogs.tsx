/** The open dialog, at most one. */
import { isolate } from '../../text/foreign.ts'
import { changeFriendship, closeDialog } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'
import { nameOf } from '../model/friend-display.ts'
import { AddFriend } from './add-friend.tsx'
import { BackupDialog } from './backup-dialog.tsx'
import { EraseDialog } from './erase-dialog.tsx'
import { GroupDialog } from './group-dialogs.tsx'
import { Confirm } from './modal.tsx'
import { NewGroup } from './new-group.tsx'
import { PictureDialog } from './pictures.tsx'
import { SafetyDialog } from './safety-dialog.tsx'
import { SearchDialog } from './search-dialog.tsx'

export function Dialogs() {
  const dialog = useApp((state) => state.dialog)
  const close = (): void => closeDialog()
  switch (dialog?.kind) {
    case undefined:
      return null
    case 'add':
      return <AddFriend key={dialog.link} tab={dialog.tab} link={dialog.link} onClose={close} />
    case 'verify':
      return <SafetyDialog peer={dialog.peer} onClose={close} />
    case 'remove':
      return <ConfirmRemoval peer={dialog.peer} kind="remove" onClose={close} />
    case 'block':
      return <ConfirmRemoval peer={dialog.peer} kind="block" onClose={close} />
    case 'erase':
      return <EraseDialog onClose={close} />
    case 'backup':
      return <BackupDialog weekly={dialog.weekly} onClose={close} />
    case 'picture':
      return <PictureDialog {...dialog} onClose={close} />
    case 'search':
      return <SearchDialog conversation={dialog.conversation} onClose={close} />
    case 'new-group':
      return <NewGroup onClose={close} />
    case 'group-invite':
    case 'group-rename':
    case 'group-leave':
    case 'group-remove':
      return <GroupDialog dialog={dialog} onClose={close} />
  }
}

/** Confirms that a friend is removed or blocked. */
function ConfirmRemoval({ peer, kind, onClose }: { peer: string; kind: 'remove' | 'block'; onClose: () => void }) {
  const { details } = useText()
  const friend = useApp((state) => state.friends.get(peer))
  if (friend === undefined) return null
  const name = isolate(nameOf(friend))
  const block = kind === 'block'
  return (
    <Confirm
      title={block ? details.blockTitle(name) : details.removeTitle(name)}
      intro={block ? details.blockIntro : details.removeIntro}
      action={block ? details.blockDo : details.removeDo}
      bad
      onClose={onClose}
      onConfirm={() => {
        onClose()
        void changeFriendship(block ? 'blockPeer' : 'removeFriend', peer)
      }}
    />
  )
}
