/**
 * A field for a passphrase, which is never in the field: Chromium passes the text of a field to the main process at
 * every change and frees those copies without overwriting them, and the main process outlives a lock. So each character
 * gives way to a filler as soon as it is there, and the text is kept by the page, whose process ends.
 */
import { useLayoutEffect, useRef, useState } from 'react'
import type { ChangeEvent } from 'react'
import { useText } from '../state/state.ts'
import { masked, unmasked } from '../model/masked-text.ts'
import { Field } from './controls.tsx'

/** Characters below which a new passphrase is called short. */
export const goodLength = 16
/** As many as the peer accepts. */
const longest = 1024

interface PassphraseFieldProps {
  label: string
  value: string
  hint?: string | undefined
  wrong?: string | undefined
  autoFocus?: boolean
  onChange: (value: string) => void
}

export function PassphraseField({ label, value, hint, wrong, autoFocus = false, onChange }: PassphraseFieldProps) {
  const field = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => {
    const shown = masked(value)
    if (field.current != null && field.current.value !== shown) field.current.value = shown
  }, [value])
  const change = ({ target }: ChangeEvent<HTMLInputElement>): void => {
    const shown = target.value
    const beforeCaret = shown.slice(0, target.selectionStart ?? shown.length)
    const text = unmasked(value, shown, beforeCaret)
    target.value = masked(text)
    const caret = masked(beforeCaret).length
    target.setSelectionRange(caret, caret)
    onChange(text)
  }
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {({ id, describedBy, invalid }) => (
        <input
          ref={field}
          id={id}
          className="input"
          type="password"
          defaultValue=""
          autoFocus={autoFocus}
          autoComplete="off"
          maxLength={longest}
          aria-invalid={invalid}
          aria-describedby={describedBy}
          onChange={change}
        />
      )}
    </Field>
  )
}

interface NewPassphraseProps {
  label: string
  /** Undefined while it is empty, or was not yet repeated. */
  onChange: (value: string | undefined) => void
}

/** A new passphrase, which is typed twice. */
export function NewPassphrase({ label, onChange }: NewPassphraseProps) {
  const { settings } = useText()
  const [next, setNext] = useState('')
  const [again, setAgain] = useState('')
  const change = (first: string, second: string): void => {
    setNext(first)
    setAgain(second)
    onChange(first !== '' && first === second ? first : undefined)
  }
  const differs = again.length >= next.length && again !== next
  return (
    <>
      <PassphraseField
        label={label}
        value={next}
        hint={next !== '' && next.length < goodLength ? settings.passphraseShort : undefined}
        onChange={(value) => change(value, again)}
      />
      <PassphraseField
        label={settings.passphraseAgain}
        value={again}
        wrong={differs ? settings.passphraseDiffer : undefined}
        onChange={(value) => change(next, value)}
      />
    </>
  )
}
