/** The own name, handle and identity. */
import { useState } from 'react'
import type { FormEvent } from 'react'
import { limits } from '#limits'
import { inviteIn } from '../../../text/foreign.ts'
import { saveProfile } from '../../state/actions.ts'
import { errorText, useApp, useText } from '../../state/state.ts'
import { toast } from '../../state/toasts.ts'
import { CopyLine, Field } from '../controls.tsx'

export function ProfileTab() {
  const { settings } = useText()
  const self = useApp((state) => state.self)
  if (self === undefined) return null
  return (
    <>
      <OneField
        label={settings.name}
        hint={settings.nameHint}
        saved={self.name}
        maxLength={limits.nameCharacters}
        required
        refuse={(name) => (inviteIn(name) === undefined ? undefined : settings.nameIsInvite)}
        save={(name) => saveProfile({ name })}
      />
      <OneField
        label={settings.handle}
        hint={settings.handleHint}
        placeholder={settings.handlePlaceholder}
        saved={self.handle ?? ''}
        maxLength={32}
        save={(handle) => saveProfile({ handle: handle.replace(/^@/u, '').toLowerCase() })}
      />
      <div className="settings-group">
        <div className="field">
          <span className="label">{settings.identity}</span>
          <CopyLine value={self.peer} label={settings.identity} />
          <p className="hint">{settings.identityHint}</p>
        </div>
      </div>
    </>
  )
}

interface OneFieldProps {
  label: string
  hint: string
  placeholder?: string
  saved: string
  maxLength: number
  required?: boolean
  /** Why a value is not saved. */
  refuse?: (value: string) => string | undefined
  save: (value: string) => Promise<void>
}

function OneField({ label, hint, placeholder, saved, maxLength, required = false, refuse, save }: OneFieldProps) {
  const { settings, common } = useText()
  const [value, setValue] = useState(saved)
  const [wrong, setWrong] = useState<string>()
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    const refused = refuse?.(value)
    setWrong(refused)
    if (refused !== undefined) return
    try {
      await save(value.trim())
      toast(settings.saved)
    } catch (error) {
      setWrong(errorText(error))
    }
  }
  const unchanged = value.trim() === saved || (required && value.trim() === '')
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Field label={label} hint={hint} wrong={wrong}>
        {({ id, describedBy, invalid }) => (
          <div className="field-row">
            <input
              id={id}
              className="input"
              dir="auto"
              value={value}
              placeholder={placeholder}
              maxLength={maxLength}
              autoComplete="off"
              aria-invalid={invalid}
              aria-describedby={describedBy}
              onChange={(event) => setValue(event.target.value)}
            />
            <button type="submit" className="button" disabled={unchanged}>
              {common.save}
            </button>
          </div>
        )}
      </Field>
    </form>
  )
}
