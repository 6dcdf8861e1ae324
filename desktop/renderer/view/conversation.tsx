/** The conversation with one friend: name and path, the messages, and the composer. */
import { BadgeCheck, Info, Paperclip, Search } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { DragEvent } from 'react'
import type { Friend } from '#protocol'
import { isolate } from '../../text/foreign.ts'
import { askAgain, changeFriendship, openDialog, stageFiles, toggleDetails } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'
import { isAmbiguous, nameOf, shortId } from '../model/friend-display.ts'
import { Composer } from './composer.tsx'
import { Avatar, IconButton } from './controls.tsx'
import { HeldNotice } from './held-notice.tsx'
import { MessageList } from './message-list.tsx'
import { LookalikeNotice, LookalikeStop, useLookalike } from './lookalike-notice.tsx'
import { PathBadge } from './path-badge.tsx'
import { RequestCard } from './requests.tsx'

export function Conversation({ friend }: { friend: Friend }) {
  const { files } = useText()
  const { over, end, handlers } = useDrop(friend)
  const rangeId = useApp((state) => state.conversations.get(friend.peer)?.rangeId ?? 0)
  return (
    <div className="centre" style={{ flex: 1 }} {...handlers}>
      <Head friend={friend} />
      <MessageList
        key={rangeId}
        conversation={friend.peer}
        unread={friend.unread}
        writable={friend.state === 'friend'}
        beginning={<Beginning friend={friend} />}
      />
      <Foot friend={friend} />
      {over && (
        <div className="drop-here" onDragLeave={end}>
          <Paperclip size={32} aria-hidden="true" />
          {files.drop(isolate(nameOf(friend)))}
        </div>
      )}
    </div>
  )
}

function Beginning({ friend }: { friend: Friend }) {
  const { conversation } = useText()
  return (
    <>
      <Avatar friend={friend} />
      <h2>
        <bdi>{nameOf(friend)}</bdi>
      </h2>
      <p>{conversation.start(isolate(nameOf(friend)))}</p>
      <p>{conversation.private}</p>
    </>
  )
}

function Head({ friend }: { friend: Friend }) {
  const { details } = useText()
  const ambiguous = useApp((state) => isAmbiguous(friend, state.friends.values()))
  return (
    <header className="bar">
      <div className="who">
        <h2>
          <bdi className="one-line">{nameOf(friend)}</bdi>
          {ambiguous && (
            <bdi className="quiet small short-id" dir="ltr">
              {shortId(friend.peer)}
            </bdi>
          )}
          {friend.verified && <BadgeCheck size={16} aria-label={details.verified} />}
        </h2>
        <PathBadge friend={friend} />
      </div>
      <HeadButtons conversation={friend.peer} />
    </header>
  )
}

/** At the end of the head of a conversation, with a friend or in a group. `conversation`: its PeerId or group. */
export function HeadButtons({ conversation: id }: { conversation: string }) {
  const { conversation } = useText()
  const shown = useApp((state) => state.details)
  return (
    <>
      <IconButton label={conversation.searchHere} onClick={() => openDialog({ kind: 'search', conversation: id })}>
        <Search size={20} />
      </IconButton>
      <IconButton
        label={shown ? conversation.hideDetails : conversation.details}
        aria-pressed={shown}
        onClick={toggleDetails}
      >
        <Info size={20} />
      </IconButton>
    </>
  )
}

/** The composer, or the reason why there is none. */
function Foot({ friend }: { friend: Friend }) {
  const { conversation, request, details } = useText()
  const original = useLookalike(friend)
  const acknowledged = useApp((state) => state.acknowledged.has(friend.peer))
  switch (friend.state) {
    case 'friend':
      // A person who compared the safety number relies on it, so a message to a lookalike must be a decision.
      if (original?.verified === true && !acknowledged) return <LookalikeStop friend={friend} original={original} />
      return (
        <>
          {friend.askedAt !== undefined && !friend.online && (
            <p className="notice small">{conversation.askedAgain(isolate(nameOf(friend)))}</p>
          )}
          <FriendComposer friend={friend} />
        </>
      )
    case 'incoming':
      return (
        <div className="composer">
          <RequestCard friend={friend} />
        </div>
      )
    case 'requested':
      return (
        <div className="composer">
          {original !== undefined && <LookalikeNotice friend={friend} original={original} />}
          <p className="notice">
            <span>
              <strong>{request.outTitle(isolate(nameOf(friend)))}.</strong> {request.outIntro}
            </span>
          </p>
        </div>
      )
    case 'blocked':
      return (
        <Ended
          why={conversation.blocked}
          action={details.unblock}
          onAction={() => void changeFriendship('unblockPeer', friend.peer)}
        />
      )
    case 'removed':
      return <Ended why={conversation.removedHere} action={request.again} onAction={() => void askAgain(friend.peer)} />
  }
}

function FriendComposer({ friend }: { friend: Friend }) {
  const { composer } = useText()
  const name = isolate(nameOf(friend))
  const away = friend.online ? undefined : composer[friend.mailbox ? 'away' : 'offline'](name)
  return (
    <Composer conversation={friend.peer} name={name} away={away} takesFiles>
      {friend.held !== undefined && <HeldNotice friend={friend} held={friend.held} />}
    </Composer>
  )
}

/** In place of the composer: nothing can be written, and what would change that. */
export function Ended({ why, action, onAction }: { why: string; action: string; onAction: () => void }) {
  return (
    <div className="composer">
      <div className="notice" style={{ alignItems: 'center' }}>
        <span>{why}</span>
        <button type="button" className="button low ended-action" onClick={onAction}>
          {action}
        </button>
      </div>
    </div>
  )
}

/**
 * Files dragged over the conversation. Leaving is noticed on what is shown then, which covers everything: a message
 * under the pointer may disappear, and then nothing tells that the files have left it.
 */
function useDrop(friend: Friend) {
  const [over, setOver] = useState(false)
  const allowed = friend.state === 'friend'
  const accepts = (event: DragEvent): boolean => allowed && event.dataTransfer.types.includes('Files')
  const end = (): void => setOver(false)
  useEffect(end, [friend.state])
  useEffect(() => {
    if (!over) return undefined
    // While something is dragged, the pointer does not move for the page.
    const ends = ['pointermove', 'pointerdown', 'keydown', 'blur', 'dragend'] as const
    for (const name of ends) window.addEventListener(name, end)
    return () => {
      for (const name of ends) window.removeEventListener(name, end)
    }
  }, [over])
  return {
    over,
    end,
    handlers: {
      onDragEnter: (event: DragEvent) => setOver(accepts(event)),
      onDragOver: (event: DragEvent) => {
        event.preventDefault()
        setOver(accepts(event))
      },
      onDrop: (event: DragEvent) => {
        event.preventDefault()
        end()
        if (accepts(event)) void stageFiles(friend.peer, [...event.dataTransfer.files])
      },
    },
  }
}
