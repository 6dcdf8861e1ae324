/** Said where somebody comes under the name of a person who is known here, with another identity. */
import { ShieldAlert } from 'lucide-react'
import { useMemo } from 'react'
import type { Friend } from '#protocol'
import { isolate } from '../../text/foreign.ts'
import { acknowledge, ask } from '../state/actions.ts'
import { namesakeOf } from '../model/lookalike.ts'
import { nameOf, shortId } from '../model/friend-display.ts'
import { useApp, useText } from '../state/state.ts'

/** The one who was known by that name before. */
export function useNamesake(friend: Friend): Friend | undefined {
  const friends = useApp((state) => state.friends)
  return useMemo(() => namesakeOf(friend, friends.values()), [friend, friends])
}

export function NamesakeNotice({ friend, known }: { friend: Friend; known: Friend }) {
  const { request, details } = useText()
  return (
    <div className="notice bad namesake" role="alert">
      <ShieldAlert size={20} aria-hidden="true" />
      <div>
        <strong>{request.namesake(isolate(nameOf(known)))}</strong>
        <p>{request.namesakeIntro}</p>
        <dl className="facts small">
          <dt>{request.namesakeKnown}</dt>
          <dd>
            <bdi className="mono" dir="ltr">
              {shortId(known.peer)}
            </bdi>
            {known.verified && `, ${details.verified.toLowerCase()}`}
          </dd>
          <dt>{request.namesakeNew}</dt>
          <dd>
            <bdi className="mono" dir="ltr">
              {shortId(friend.peer)}
            </bdi>
          </dd>
        </dl>
      </div>
    </div>
  )
}

/** In the place of the composer: nothing is written to them by mistake. */
export function Stopped({ friend, known }: { friend: Friend; known: Friend }) {
  const { safety, details } = useText()
  const { peer } = friend
  return (
    <div className="composer stopped">
      <NamesakeNotice friend={friend} known={known} />
      <p className="quiet small">{safety.keyChanged}</p>
      <div className="buttons">
        <button type="button" className="button main" onClick={() => ask({ kind: 'verify', peer })}>
          {details.verify}
        </button>
        <button type="button" className="button" onClick={() => acknowledge(peer)}>
          {safety.goOn}
        </button>
        <button type="button" className="button plain" onClick={() => ask({ kind: 'block', peer })}>
          {details.block}
        </button>
      </div>
    </div>
  )
}
