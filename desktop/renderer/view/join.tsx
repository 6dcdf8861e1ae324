/** The form for an invite that was received, which sends a friend request. Used in the first run and later. */
import { useState } from 'react'
import type { ClipboardEvent, FormEvent } from 'react'
import { limits } from '#limits'
import type { Friend, FriendState, RecipientInfo } from '#protocol'
import type { Catalogue } from '../../text/catalogue.ts'
import { requestFriend } from '../state/actions.ts'
import { useRecipient } from '../state/recipient.ts'
import { codeOf, errorPart, errorText, useApp, useText } from '../state/state.ts'
import { Field } from './controls.tsx'
import { expectation, Invited } from './invited.tsx'

interface JoinProps {
  link: string | undefined
  label: string
  action: string
  busyLabel: string
  /** Shows a field for a note to the recipient. */
  withNote: boolean
  /** `was`: their state before. */
  onRequested: (friend: Friend, was: FriendState | undefined) => void
}

export function Join({ link, label, action, busyLabel, withNote, onRequested }: JoinProps) {
  const text = useText()
  const { welcome, add, common } = text
  const [to, setTo] = useState(link ?? '')
  const [note, setNote] = useState('')
  const [failure, setFailure] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const hasNode = useApp((state) => (state.self?.nodes.length ?? 0) > 0)
  const { info, wrong: damaged } = useRecipient(to)
  const wrong = failure === undefined ? undefined : whatFailed(failure, info, hasNode, text)
  const isOwn = info !== undefined && 'known' in info && info.known === 'self'
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setFailure(undefined)
    try {
      const { friend, was } = await requestFriend(to, note.trim())
      onRequested(friend, was)
    } catch (error) {
      setFailure(error)
    } finally {
      setBusy(false)
    }
  }
  const paste = (event: ClipboardEvent<HTMLInputElement>): void => {
    // A field of one line would join the lines of a mail without a blank, and a link with what follows it.
    const pasted = event.clipboardData.getData('text/plain')
    if (!pasted.includes('\n')) return
    event.preventDefault()
    setTo(pasted.replaceAll(/=?\r?\n/gu, (end) => (end.startsWith('=') ? '' : ' ')).slice(0, limits.pastedInvite))
  }
  return (
    <form className="choice" onSubmit={(event) => void submit(event)}>
      {link !== undefined && info?.kind === 'invite' ? (
        <>
          <Invited info={info} />
          <p className={wrong === undefined ? 'hint' : 'wrong'} role={wrong === undefined ? undefined : 'alert'}>
            {wrong ?? expectation(info, text)}
          </p>
        </>
      ) : (
        <Field label={label} hint={expectation(info, text)} wrong={wrong ?? damaged}>
          {({ id, describedBy, invalid }) => (
            <input
              id={id}
              className="input"
              dir="ltr"
              value={to}
              autoFocus
              data-first
              autoComplete="off"
              maxLength={limits.pastedInvite}
              placeholder={welcome.joinPlaceholder}
              aria-invalid={invalid}
              aria-describedby={describedBy}
              onChange={(event) => {
                setTo(event.target.value)
                setFailure(undefined)
              }}
              onPaste={paste}
            />
          )}
        </Field>
      )}
      {withNote && (
        <Field label={`${add.note} (${common.optional})`}>
          {({ id, describedBy }) => (
            <textarea
              id={id}
              className="input"
              rows={2}
              maxLength={limits.noteCharacters}
              value={note}
              placeholder={add.notePlaceholder}
              aria-describedby={describedBy}
              onChange={(event) => setNote(event.target.value)}
            />
          )}
        </Field>
      )}
      <div className="buttons end">
        <button
          type="submit"
          className="button main"
          disabled={busy || to.trim() === '' || damaged !== undefined || isOwn}
        >
          {busy ? busyLabel : action}
        </button>
      </div>
    </form>
  )
}

function whatFailed(error: unknown, info: RecipientInfo | undefined, hasNode: boolean, text: Catalogue): string {
  // The only thing that can be wrong with the call itself.
  if (codeOf(error) === 'bad-request') return text.add.notRecognized
  const mistyped = errorPart(error, text.add.codeWrong)
  if (mistyped !== undefined) return mistyped
  if (info?.kind === 'code' && info.lan) {
    if (codeOf(error) === 'not-found') return hasNode ? text.add.codeUnknown : text.add.codeNobody
    if (codeOf(error) === 'verification-failed') return text.add.codeContradicted
  }
  // Where there is no node, none is unreachable "at the moment".
  const lacksNode = codeOf(error) === 'node-unreachable' && info !== undefined && 'needsNode' in info && info.needsNode
  return lacksNode ? text.add.needsNode : errorText(error)
}
