/** An own invite: link, code and QR picture. Made when it is first shown. */
import { useEffect, useState } from 'react'
import type { CallResults } from '#protocol'
import { callPeer } from '../state/clients.ts'
import { errorText, useApp, useText } from '../state/state.ts'
import { CopyLine } from './controls.tsx'
import { Qr } from './qr.tsx'

/** The invite stays the same while the window lives: opening the dialog ten times makes one. */
let made: Promise<CallResults['invite']> | undefined
let madeFor = ''

export function Invite() {
  const { invite } = useText()
  const nodes = useApp((state) => state.self?.nodes ?? noNodes)
  const own = useApp((state) => state.node)
  const connected = nodes.some(({ state }) => state === 'connected')
  const onlyHere = nodes.length > 0 && nodes.every(({ peer }) => peer === own.peer)
  const [shown, setShown] = useState<CallResults['invite']>()
  const [wrong, setWrong] = useState<string>()
  const nodeList = nodes.map(({ peer, state }) => `${peer} ${state}`).join()
  useEffect(() => {
    // An invite names the nodes that lead here: with others it is another.
    if (made === undefined || madeFor !== nodeList) made = callPeer('invite', {})
    madeFor = nodeList
    let gone = false
    made.then(
      (value) => gone || setShown(value),
      (error: unknown) => {
        made = undefined
        if (!gone) setWrong(errorText(error))
      },
    )
    return () => {
      gone = true
    }
  }, [nodeList])
  if (wrong !== undefined) return <p className="notice bad">{wrong}</p>
  return (
    <div className="choice">
      <div className="invite">
        {shown === undefined ? <div className="qr" /> : <Qr value={shown.link} label={invite.qr} />}
        <div className="stack">
          <div className="field">
            <span className="label">{invite.link}</span>
            <CopyLine value={shown?.link ?? ''} label={invite.copyLink} />
          </div>
          <div className="field">
            <span className="label">{invite.code}</span>
            <span className="code selectable" dir="ltr">
              {shown?.code ?? '…'}
            </span>
          </div>
        </div>
      </div>
      <p className="quiet small">
        {invite.lasts} {onlyHere && connected ? invite.local : ''}
      </p>
      {!connected && <p className="notice warn">{invite.noNode}</p>}
    </div>
  )
}

const noNodes: never[] = []
