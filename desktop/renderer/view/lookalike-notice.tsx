/** The warning about a friend or a request whose name looks like that of another, earlier friend. */
import { ShieldAlert } from 'lucide-react'
import { useMemo } from 'react'
import type { Friend } from '#protocol'
import { isolate } from '../../text/foreign.ts'
import { acknowledge, openDialog } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'
import { lookalikeOf } from '../model/lookalike.ts'
import { nameOf, shortId } from '../model/friend-display.ts'

/** The friend whose name `friend` looks like, if there is one. */
export function useLookalike(friend: Friend): Friend | undefined {
  const friends = useApp((state) => state.friends)
  return useMemo(() => lookalikeOf(friend, friends.values()), [friend, friends])
}

export function LookalikeNotice({ friend, original }: { friend: Friend; original: Friend }) {
  const { request, details } = useText()
  return (
    <div className="notice bad lookalike" role="alert">
      <ShieldAlert size={20} aria-hidden="true" />
      <div>
        <strong>{request.namesake(isolate(nameOf(original)))}</strong>
        <p>{request.namesakeIntro}</p>
        <dl className="facts small">
          <dt>{request.namesakeKnown}</dt>
          <dd>
            <bdi className="mono short-id" dir="ltr">
              {shortId(original.peer)}
            </bdi>
            {original.verified && `, ${details.verified.toLowerCase()}`}
          </dd>
          <dt>{request.namesakeNew}</dt>
          <dd>
            <bdi className="mono short-id" dir="ltr">
              {shortId(friend.peer)}
            </bdi>
          </dd>
        </dl>
      </div>
    </div>
  )
}

/** Replaces the composer, so that no message goes to a lookalike by mistake. */
export function LookalikeStop({ friend, original }: { friend: Friend; original: Friend }) {
  const { safety, details } = useText()
  const { peer } = friend
  return (
    <div className="composer lookalike-stop">
      <LookalikeNotice friend={friend} original={original} />
      <p className="quiet small">{safety.keyChanged}</p>
      <div className="buttons">
        <button type="button" className="button main" onClick={() => openDialog({ kind: 'verify', peer })}>
          {details.verify}
        </button>
        <button type="button" className="button" onClick={() => acknowledge(peer)}>
          {safety.goOn}
        </button>
        <button type="button" className="button plain" onClick={() => openDialog({ kind: 'block', peer })}>
          {details.block}
        </button>
      </div>
    </div>
  )
}
