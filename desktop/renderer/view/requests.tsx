/** People who ask to be friends: who they say they are, what they wrote, and the answers. */
import { UserRoundPlus } from 'lucide-react'
import type { Friend } from '#protocol'
import { cleanText, isolate } from '../../text/foreign.ts'
import { ask, decide } from '../state/actions.ts'
import { nameOf, shortId } from '../model/friend-display.ts'
import { useApp, useText } from '../state/state.ts'
import { Avatar } from './controls.tsx'
import { NamesakeNotice, useNamesake } from './lookalike-notice.tsx'

export function Requests() {
  const { request } = useText()
  const friends = useApp((state) => state.friends)
  const incoming = [...friends.values()].filter(({ state }) => state === 'incoming')
  return (
    <>
      <header className="bar">
        <h2 className="who">{request.title}</h2>
      </header>
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
  const known = useNamesake(friend)
  const note = cleanText(friend.note ?? '').trim()
  return (
    <section className="request" aria-label={request.wants(isolate(nameOf(friend)))}>
      <Avatar friend={friend} />
      <h3>
        {request.wants(isolate(nameOf(friend)))}{' '}
        <bdi className="quiet small mono" dir="ltr">
          {shortId(friend.peer)}
        </bdi>
      </h3>
      {note === '' ? <p className="quiet">{request.noNote}</p> : <blockquote dir="auto">{note}</blockquote>}
      {known !== undefined && <NamesakeNotice friend={friend} known={known} />}
      <div className="buttons">
        <button
          type="button"
          className={`button ${known === undefined ? 'main' : ''}`}
          onClick={() => void decide('acceptFriend', friend.peer)}
        >
          {known === undefined ? request.accept : request.acceptNamesake}
        </button>
        <button type="button" className="button" onClick={() => void decide('declineFriend', friend.peer)}>
          {request.decline}
        </button>
        <button type="button" className="button plain" onClick={() => ask({ kind: 'block', peer: friend.peer })}>
          {request.block}
        </button>
      </div>
    </section>
  )
}
