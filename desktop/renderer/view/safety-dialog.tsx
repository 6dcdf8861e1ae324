/** Comparing safety numbers: equal numbers on both screens prove that nobody intercepts the connection. */
import { BadgeCheck } from 'lucide-react'
import { useEffect, useState } from 'react'
import { isolate } from '../../text/foreign.ts'
import { verify } from '../state/actions.ts'
import { callPeer } from '../state/clients.ts'
import { useApp, useText } from '../state/state.ts'
import { attempt } from '../state/toasts.ts'
import { nameOf } from '../model/friend-display.ts'
import { Modal } from './modal.tsx'
import { Qr } from './qr.tsx'

export function SafetyDialog({ peer, onClose }: { peer: string; onClose: () => void }) {
  const { safety, common } = useText()
  const friend = useApp((state) => state.friends.get(peer))
  const [number, setNumber] = useState<string>()
  useEffect(() => {
    void attempt(async () => setNumber((await callPeer('safetyNumber', { peer })).number))
  }, [peer])
  if (friend === undefined) return null
  const name = isolate(nameOf(friend))
  const groups = number?.split(' ') ?? Array.from({ length: 12 }, () => '·····')
  return (
    <Modal title={safety.title(name)} onClose={onClose}>
      <div className="verify">
        <p className="quiet">{safety.intro(name)}</p>
        {number === undefined ? <div className="qr" /> : <Qr value={number.replaceAll(' ', '')} label={safety.qr} />}
        <div className="digits" dir="ltr" aria-label={safety.number} role="group">
          {groups.map((group, index) => (
            // The groups of a number never change their order.
            <span key={index}>{group}</span>
          ))}
        </div>
        {friend.verified && (
          <p className="notice">
            <BadgeCheck size={20} color="var(--good)" aria-hidden="true" />
            <span>{safety.verified}</span>
          </p>
        )}
      </div>
      <div className="buttons end">
        {friend.verified ? (
          <>
            <button key="undo" type="button" className="button" onClick={() => void verify(peer, false)}>
              {safety.undo}
            </button>
            {/* Enter, pressed once more, does not undo what it has just confirmed. */}
            <button key="close" type="button" className="button main" autoFocus onClick={onClose}>
              {common.close}
            </button>
          </>
        ) : (
          <button
            key="confirm"
            type="button"
            className="button main"
            disabled={number === undefined}
            onClick={() => void verify(peer, true)}
          >
            {safety.confirm}
          </button>
        )}
      </div>
    </Modal>
  )
}
