/** Says that what a friend writes waits for now, and lets the person decide. */
import { CirclePause } from 'lucide-react'
import type { Friend, HeldReason } from '#protocol'
import { isolate } from '../../text/foreign.ts'
import { changeFriendship, openDialog } from '../state/actions.ts'
import { useText } from '../state/state.ts'
import { nameOf } from '../model/friend-display.ts'

export function HeldNotice({ friend, held }: { friend: Friend; held: HeldReason }) {
  const { conversation, details } = useText()
  const { peer } = friend
  return (
    <div className="notice warn held" role="alert">
      <CirclePause size={20} aria-hidden="true" />
      <p>{conversation.held[held](isolate(nameOf(friend)))}</p>
      <div className="buttons">
        {held === 'too-much' && (
          <button type="button" className="button low" onClick={() => void changeFriendship('receiveMore', peer)}>
            {conversation.receiveMore}
          </button>
        )}
        <button type="button" className="button plain low" onClick={() => openDialog({ kind: 'block', peer })}>
          {details.block}
        </button>
      </div>
    </div>
  )
}
