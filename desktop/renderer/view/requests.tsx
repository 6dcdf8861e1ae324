/** Friend requests received: the name, the note and the possible answers. */
import { UserRoundPlus } from 'lucide-react'
import type { Friend } from '#protocol'
import { cleanText, isolate } from '../../text/foreign.ts'
import { changeFriendship, openDialog } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'
import { nameOf, shortId } from '../model/friend-display.ts'
import { Avatar } from './controls.tsx'
import { LookalikeNotice, useLookalike } from './lookalike-notice.tsx'
import { ViewBar } from './view-bar.tsx'

export function Requests() {
  const { request } = useText()
  const friends = useApp((state) => state.friends)
  const incoming = [...friends.values()].filter(({ state }) => state === 'incoming')
  return (
    <>
      <ViewBar title={request.title} />
      {incoming.length === 0 ? (
        <div className="empty">
          <UserRoundPlus size={40} strokeWidth={1.5} aria-hidden="true" />
          <p>{request.unknown}</p>
        </div>
      ) : (
        <div className="requests scroll">
          {incoming.map((friend) => (
            <RequestCard key={friend.peer} friend={friend} />
          ))}
          <p className="quiet small">{request.unknown}</p>
        </div>
      )}
    </>
  )
}

export function RequestCard({ friend }: { friend: Friend }) {
  const { request } = useText()
  const original = useLookalike(friend)
  const note = cleanText(friend.note ?? '').trim()
  return (
    <section className="request" aria-label={request.wants(isolate(nameOf(friend)))}>
      <Avatar friend={friend} />
      <h3>
        {request.wants(isolate(nameOf(friend)))}{' '}
        <bdi className="quiet small mono short-id" dir="ltr">
          {shortId(friend.peer)}
        </bdi>
      </h3>
      {note === '' ? <p className="quiet">{request.noNote}</p> : <blockquote dir="auto">{note}</blockquote>}
      {original !== undefined && <LookalikeNotice friend={friend} original={original} />}
      <div className="buttons">
        <button
          type="button"
          className={`button ${original === undefined ? 'main' : ''}`}
          onClick={() => void changeFriendship('acceptFriend', friend.peer)}
        >
          {original === undefined ? request.accept : request.acceptNamesake}
        </button>
        <button type="button" className="button" onClick={() => void changeFriendship('declineFriend', friend.peer)}>
          {request.decline}
        </button>
        <button type="button" className="button plain" onClick={() => openDialog({ kind: 'block', peer: friend.peer })}>
          {request.block}
        </button>
      </div>
    </section>
  )
}
