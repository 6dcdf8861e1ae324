/** Which dialog is open: one at most. */
import { isolate } from '../../text/foreign.ts'
import { attempt, ask, copy, decide } from '../state/actions.ts'
import { nameOf } from '../model/friend-display.ts'
import { callShell } from '../state/clients.ts'
import { useApp, useText } from '../state/state.ts'
import { AddFriend } from './add-friend.tsx'
import { EraseDialog } from './erase-dialog.tsx'
import { LinkDialog } from './link-dialog.tsx'
import { Confirm } from './modal.tsx'
import { PictureDialog } from './pictures.tsx'
import { SafetyDialog } from './safety-dialog.tsx'
import { SearchDialog } from './search-dialog.tsx'

export function Dialogs() {
  const dialog = useApp((state) => state.dialog)
  const close = (): void => ask(undefined)
  switch (dialog?.kind) {
    case undefined:
      return null
    case 'add':
      return <AddFriend key={dialog.link} tab={dialog.tab} link={dialog.link} onClose={close} />
    case 'link':
      return (
        <LinkDialog
          url={dialog.url}
          onClose={close}
          onCopy={() => void copy(dialog.url)}
          onOpen={() => {
            close()
            void attempt(() => callShell('openLink', { url: dialog.url }))
          }}
        />
      )
    case 'verify':
      return <SafetyDialog peer={dialog.peer} onClose={close} />
    case 'remove':
      return <Sure peer={dialog.peer} kind="remove" onClose={close} />
    case 'block':
      return <Sure peer={dialog.peer} kind="block" onClose={close} />
    case 'erase':
      return <EraseDialog onClose={close} />
    case 'picture':
      return <PictureDialog {...dialog} onClose={close} />
    case 'search':
      return <SearchDialog peer={dialog.peer} onClose={close} />
  }
}

/** Whether somebody is really to be removed or blocked. */
function Sure({ peer, kind, onClose }: { peer: string; kind: 'remove' | 'block'; onClose: () => void }) {
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
        void decide(block ? 'blockPeer' : 'removeFriend', peer)
      }}
    />
  )
}
