/** In the first run: a profile from a backup, in place of a new one. */
import { useState } from 'react'
import type { FormEvent } from 'react'
import type { BackupSecretKind } from '../../ipc/contract.ts'
import { cleanLine, isolate } from '../../text/foreign.ts'
import { chooseRestore, restore } from '../state/backups.ts'
import { backupErrorText, codeOf, useText } from '../state/state.ts'
import { BackupProgress } from './backup-progress.tsx'
import { Brand } from './brand.tsx'
import { Field } from './controls.tsx'
import { PassphraseField } from './passphrase-field.tsx'

/** Characters of 24 words, however they are laid out. */
const longestWords = 4096

export function Restore({ onBack }: { onBack: () => void }) {
  const { backup, common } = useText()
  const [chosen, setChosen] = useState<{ name: string; opensWith: BackupSecretKind }>()
  const [secret, setSecret] = useState('')
  const [failure, setFailure] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true)
    setFailure(undefined)
    await work().catch(setFailure)
    setBusy(false)
  }
  const choose = (): Promise<void> =>
    attempt(async () => {
      const file = await chooseRestore()
      if (file === null) return
      setChosen(file)
      setSecret('')
    })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (chosen !== undefined) void attempt(() => restore(secret, chosen.opensWith))
  }
  const wrong = failure === undefined ? undefined : backupErrorText(failure)
  const ofSecret = chosen !== undefined && codeOf(failure) === 'wrong-passphrase'
  const change = (value: string): void => {
    setSecret(value)
    setFailure(undefined)
  }
  return (
    <main className="page">
      <form className="card scroll" onSubmit={submit}>
        <Brand />
        <header>
          <h1>{backup.restoreTitle}</h1>
          <p>{backup.restoreIntro}</p>
        </header>
        <div className="field">
          {chosen !== undefined && <span className="label one-line">{isolate(cleanLine(chosen.name))}</span>}
          <button type="button" className="button wide" autoFocus disabled={busy} onClick={() => void choose()}>
            {chosen === undefined ? backup.choose : backup.chooseOther}
          </button>
        </div>
        {chosen?.opensWith === 'words' && (
          <Field label={backup.typeWords} hint={backup.typed(count(secret))} wrong={ofSecret ? wrong : undefined}>
            {({ id, describedBy, invalid }) => (
              <textarea
                id={id}
                className="input"
                rows={4}
                dir="ltr"
                lang="en"
                value={secret}
                autoFocus
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                maxLength={longestWords}
                aria-invalid={invalid}
                aria-describedby={describedBy}
                onChange={(event) => change(event.target.value)}
              />
            )}
          </Field>
        )}
        {chosen?.opensWith === 'passphrase' && (
          <PassphraseField
            label={backup.passphraseLabel}
            value={secret}
            wrong={ofSecret ? wrong : undefined}
            autoFocus
            onChange={change}
          />
        )}
        {wrong !== undefined && !ofSecret && (
          <p className="notice bad" role="alert">
            {wrong}
          </p>
        )}
        {chosen !== undefined && <p className="notice warn">{backup.onlyOne}</p>}
        {busy && chosen !== undefined && secret !== '' && <BackupProgress label={backup.restoring} />}
        <div className="buttons end">
          <button type="button" className="button plain" disabled={busy} onClick={onBack}>
            {common.back}
          </button>
          <button type="submit" className="button main" disabled={busy || chosen === undefined || secret.trim() === ''}>
            {backup.restore}
          </button>
        </div>
      </form>
    </main>
  )
}

function count(text: string): number {
  return text.match(/\p{L}+/gu)?.length ?? 0
}
