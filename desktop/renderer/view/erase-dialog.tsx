/** Confirms that the profile is erased: the person must type a word. */
import { useState } from 'react'
import { callMain } from '../state/clients.ts'
import { useText } from '../state/state.ts'
import { attempt } from '../state/toasts.ts'
import { Field } from './controls.tsx'
import { Confirm } from './modal.tsx'

export function EraseDialog({ onClose }: { onClose: () => void }) {
  const { settings } = useText()
  const [typed, setTyped] = useState('')
  return (
    <Confirm
      title={settings.eraseTitle}
      intro={settings.eraseIntro}
      action={settings.eraseDo}
      bad
      disabled={typed.trim().toLowerCase() !== settings.eraseWord}
      onClose={onClose}
      onConfirm={() => void attempt(() => callMain('erase'))}
    >
      <Field label={settings.eraseType(settings.eraseWord)}>
        {({ id, describedBy }) => (
          <input
            id={id}
            className="input"
            value={typed}
            data-first
            autoComplete="off"
            aria-describedby={describedBy}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
      </Field>
    </Confirm>
  )
}
