/**
 * Makes a backup, or starts weekly ones: what opens it, where it is written, and the 24 words, which are shown once.
 * While it is written, and until the person has the words on paper, the dialog does not close.
 */
import { useId, useState } from 'react'
import type { FormEvent } from 'react'
import type { BackupSecretKind } from '../../ipc/contract.ts'
import { backUp } from '../state/backups.ts'
import { errorText, useText } from '../state/state.ts'
import { toast } from '../state/toasts.ts'
import { BackupProgress } from './backup-progress.tsx'
import { Modal } from './modal.tsx'
import { NewPassphrase } from './passphrase-field.tsx'
import { Choice } from './settings/parts.tsx'

type Step = { kind: 'choice' } | { kind: 'writing' } | { kind: 'words'; words: string }

export function BackupDialog({ weekly, onClose }: { weekly: boolean; onClose: () => void }) {
  const { backup } = useText()
  const [step, setStep] = useState<Step>({ kind: 'choice' })
  const [written, setWritten] = useState(false)
  const [wrong, setWrong] = useState<string>()
  const start = async (passphrase: string | undefined): Promise<void> => {
    setWrong(undefined)
    try {
      const made = await backUp(weekly, passphrase, () => setStep({ kind: 'writing' }))
      if (made === undefined) return
      if (made.words !== undefined) return setStep({ kind: 'words', words: made.words })
      toast(weekly ? backup.weeklyDone : backup.done)
      onClose()
    } catch (error) {
      setWrong(errorText(error))
      setStep({ kind: 'choice' })
    }
  }
  const closable = step.kind === 'choice' || (step.kind === 'words' && written)
  return (
    <Modal
      title={step.kind === 'words' ? backup.wordsTitle : weekly ? backup.weekly : backup.title}
      onClose={() => {
        if (closable) onClose()
      }}
    >
      {step.kind === 'choice' && (
        <BackupChoice
          intro={weekly ? backup.weeklyIntro : backup.intro}
          action={weekly ? backup.weeklyWhere : backup.where}
          wrong={wrong}
          onChosen={(secret) => void start(secret)}
        />
      )}
      {step.kind === 'writing' && <BackupProgress label={backup.writing} />}
      {step.kind === 'words' && <Words words={step.words} written={written} onWritten={setWritten} onDone={onClose} />}
    </Modal>
  )
}

interface BackupChoiceProps {
  intro: string
  action: string
  wrong: string | undefined
  /** Undefined: 24 words. */
  onChosen: (passphrase: string | undefined) => void
}

function BackupChoice({ intro, action, wrong, onChosen }: BackupChoiceProps) {
  const { backup } = useText()
  const [kind, setKind] = useState<BackupSecretKind>('words')
  const [passphrase, setPassphrase] = useState<string>()
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    onChosen(kind === 'words' ? undefined : passphrase)
  }
  return (
    <form className="choice" onSubmit={submit}>
      <p className="quiet">{intro}</p>
      <Choice
        label={backup.opensWith}
        hint={kind === 'words' ? backup.wordsHint : backup.passphraseHint}
        value={kind}
        options={[
          ['words', backup.words],
          ['passphrase', backup.passphrase],
        ]}
        onChange={setKind}
      />
      {kind === 'passphrase' && <NewPassphrase label={backup.passphraseLabel} onChange={setPassphrase} />}
      {wrong !== undefined && (
        <p className="notice bad" role="alert">
          {wrong}
        </p>
      )}
      <div className="buttons end">
        <button
          type="submit"
          className="button main"
          data-first
          disabled={kind === 'passphrase' && passphrase === undefined}
        >
          {action}
        </button>
      </div>
    </form>
  )
}

interface WordsProps {
  words: string
  written: boolean
  onWritten: (written: boolean) => void
  onDone: () => void
}

function Words({ words, written, onWritten, onDone }: WordsProps) {
  const { backup, common } = useText()
  const id = useId()
  return (
    <>
      <p className="quiet">{backup.wordsIntro}</p>
      <ol className="words" aria-label={backup.words} lang="en" dir="ltr">
        {words.split(' ').map((word, at) => (
          // The words never change their order.
          <li key={at}>{word}</li>
        ))}
      </ol>
      <p className="notice warn">{backup.wordsWarning}</p>
      <div className="check">
        <input
          id={id}
          type="checkbox"
          checked={written}
          autoFocus
          onChange={(event) => onWritten(event.target.checked)}
        />
        <label htmlFor={id}>{backup.written}</label>
      </div>
      <div className="buttons end">
        <button type="button" className="button main" disabled={!written} onClick={onDone}>
          {common.close}
        </button>
      </div>
    </>
  )
}
