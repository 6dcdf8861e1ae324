/**
 * A field for a passphrase, which is never in the field: Chromium passes the text of a field to the main process at
 * every change and frees those copies without overwriting them, and the main process outlives a lock. So each character
 * gives way to a filler as soon as it is there, and the text is kept by the page, whose process ends.
 */
import { useLayoutEffect, useRef } from 'react'
import type { ChangeEvent } from 'react'
import { masked, unmasked } from '../model/masked-text.ts'
import { Field } from './controls.tsx'

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
