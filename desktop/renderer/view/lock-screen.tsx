/** A locked profile: asks for the passphrase, and offers a new start to who has forgotten it. */
import { useState } from 'react'
import type { FormEvent } from 'react'
import { openDialog } from '../state/actions.ts'
import { callMain, callPeer } from '../state/clients.ts'
import { codeOf, errorText, useText } from '../state/state.ts'
import { attempt } from '../state/toasts.ts'
import { Brand } from './brand.tsx'
import { PassphraseField } from './passphrase-field.tsx'

export function LockScreen() {
  const { lock } = useText()
  const [passphrase, setPassphrase] = useState('')
  const [wrong, setWrong] = useState<string>()
  const [busy, setBusy] = useState(false)
  const unlock = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (passphrase === '') return
    setBusy(true)
    setWrong(undefined)
    try {
      await callPeer('unlock', { passphrase })
    } catch (error) {
      setWrong(codeOf(error) === 'wrong-passphrase' ? lock.wrong : errorText(error))
      setPassphrase('')
      setBusy(false)
    }
  }
  return (
    <main className="page">
      <form className="card scroll" onSubmit={(event) => void unlock(event)}>
        <Brand />
        <header>
          <h1>{lock.title}</h1>
          <p>{lock.intro}</p>
          <p>{lock.offline}</p>
        </header>
        <PassphraseField label={lock.label} value={passphrase} wrong={wrong} autoFocus onChange={setPassphrase} />
        <div className="buttons end">
          <button type="submit" className="button main" disabled={busy || passphrase === ''}>
            {busy ? lock.opening : lock.open}
          </button>
        </div>
        <Forgotten />
      </form>
    </main>
  )
}

function Forgotten() {
  const { lock, common } = useText()
  return (
    <details>
      <summary>{lock.forgotten}</summary>
      <div className="choice">
        <p>{lock.forgottenIntro}</p>
        <div className="buttons">
          <button type="button" className="button bad" onClick={() => openDialog({ kind: 'erase' })}>
            {lock.erase}
          </button>
          <button type="button" className="button" onClick={() => void attempt(() => callMain('quit'))}>
            {common.quit}
          </button>
        </div>
      </div>
    </details>
  )
}
