/** An own invite as link, code and QR code. It is made when it is first shown. */
import { useEffect, useState } from 'react'
import type { CallResults } from '#protocol'
import { callPeer } from '../state/clients.ts'
import { errorText, useApp, useText } from '../state/state.ts'
import { usesLan } from '../model/uses-lan.ts'
import { CopyLine } from './controls.tsx'
import { Qr } from './qr.tsx'

/** The invite stays the same while the window exists, so that opening the dialog ten times makes only one. */
let current: Promise<CallResults['invite']> | undefined
let currentFor = ''

export function Invite() {
  const { invite } = useText()
  const nodes = useApp((state) => state.self?.nodes ?? noNodes)
  const own = useApp((state) => state.node)
  const nearby = useApp((state) => state.self !== undefined && usesLan(state.self.privacy))
  const connected = nodes.some(({ state }) => state === 'connected')
  const onlyHere = nodes.length > 0 && nodes.every(({ peer }) => peer === own.peer)
  const [shown, setShown] = useState<CallResults['invite']>()
  const [wrong, setWrong] = useState<string>()
  const nodeList = nodes.map(({ peer, state }) => `${peer} ${state}`).join()
  useEffect(() => {
    // An invite names the nodes of this profile, so other nodes need another invite.
    if (current === undefined || currentFor !== nodeList) current = callPeer('invite', {})
    currentFor = nodeList
    let unmounted = false
    current.then(
      (value) => unmounted || setShown(value),
      (error: unknown) => {
        current = undefined
        if (!unmounted) setWrong(errorText(error))
      },
    )
    return () => {
      unmounted = true
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
            <CopyLine value={shown?.link ?? ''} label={invite.copyLink} wide />
          </div>
          <div className="field">
            <span className="label">{invite.code}</span>
            <span className="code selectable" dir="ltr">
              {shown?.code ?? '…'}
            </span>
            <p className="hint">{nearby ? invite.codeHintLan : invite.codeHint}</p>
          </div>
        </div>
      </div>
      <p className="quiet small">{invite.lasts}</p>
      {onlyHere && connected && <p className="notice warn small">{invite.local}</p>}
      {!connected && <p className="notice warn">{invite.noNode}</p>}
    </div>
  )
}

const noNodes: never[] = []
