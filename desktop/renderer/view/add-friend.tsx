/**
 * Adding a friend: with an own invite, or with an invite received. An invite link with which Quorum was opened is
 * confirmed here too.
 */
import { useState } from 'react'
import { isolate } from '../../text/foreign.ts'
import { openConversation } from '../state/actions.ts'
import { useText } from '../state/state.ts'
import { toast } from '../state/toasts.ts'
import { nameOf } from '../model/friend-display.ts'
import { Invite } from './invite.tsx'
import { Join } from './join.tsx'
import { Modal } from './modal.tsx'

interface AddFriendProps {
  tab: 'invite' | 'join'
  link: string | undefined
  onClose: () => void
}

export function AddFriend({ tab, link, onClose }: AddFriendProps) {
  const { add } = useText()
  const [shown, setShown] = useState(tab)
  const tabs = [
    ['invite', add.inviteTab],
    ['join', add.joinTab],
  ] as const
  return (
    <Modal title={link === undefined ? add.title : add.linkTitle} className="add" onClose={onClose}>
      {link === undefined ? (
        <div className="tabs" role="tablist" aria-label={add.title}>
          {tabs.map(([name, label]) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`tab-${name}`}
              aria-selected={shown === name}
              aria-controls="add-friend"
              onClick={() => setShown(name)}
            >
              {label}
            </button>
          ))}
        </div>
      ) : (
        <p className="quiet">{add.linkIntro}</p>
      )}
      <div
        id="add-friend"
        role={link === undefined ? 'tabpanel' : undefined}
        aria-labelledby={link === undefined ? `tab-${shown}` : undefined}
      >
        {shown === 'invite' ? (
          <Invite />
        ) : (
          <Join
            link={link}
            label={add.to}
            action={add.send}
            busyLabel={add.sending}
            withNote
            onRequested={(friend, was) => {
              onClose()
              const name = isolate(nameOf(friend))
              if (friend.askedAt !== undefined) toast(add.sent(name))
              else toast(was === 'friend' ? add.already(name) : add.friends(name))
              void openConversation(friend.peer)
            }}
          />
        )}
      </div>
    </Modal>
  )
}
