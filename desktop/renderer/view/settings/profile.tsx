/** One's own name, handle and identity. */
import { useState } from 'react'
import type { FormEvent } from 'react'
import { limits } from '#limits'
import { toast } from '../../state/actions.ts'
import { putSelf } from '../../state/entities.ts'
import { callPeer } from '../../state/clients.ts'
import { errorText, useApp, useText } from '../../state/state.ts'
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
        kept={self.name}
        longest={limits.nameCharacters}
        needed
        save={(name) => callPeer('setProfile', { name })}
      />
      <OneField
        label={settings.handle}
        hint={settings.handleHint}
        placeholder={settings.handlePlaceholder}
        kept={self.handle ?? ''}
        longest={32}
        save={(handle) => callPeer('setProfile', { handle: handle.replace(/^@/u, '').toLowerCase() })}
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
  kept: string
  longest: number
  needed?: boolean
  save: (value: string) => ReturnType<typeof callPeer<'setProfile'>>
}

function OneField({ label, hint, placeholder, kept, longest, needed = false, save }: OneFieldProps) {
  const { settings, common } = useText()
  const [value, setValue] = useState(kept)
  const [wrong, setWrong] = useState<string>()
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setWrong(undefined)
    try {
      putSelf(await save(value.trim()))
      toast(settings.saved)
    } catch (error) {
      setWrong(errorText(error))
    }
  }
  const unchanged = value.trim() === kept || (needed && value.trim() === '')
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Field label={label} hint={hint} wrong={wrong}>
        {({ id, describedBy, invalid }) => (
          <div className="together">
            <input
              id={id}
              className="input"
              dir="auto"
              value={value}
              placeholder={placeholder}
              maxLength={longest}
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
