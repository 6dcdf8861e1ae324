/** The last question before everything is destroyed: a word has to be typed. */
import { useState } from 'react'
import { attempt } from '../state/actions.ts'
import { callShell } from '../state/clients.ts'
import { useText } from '../state/state.ts'
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
      onConfirm={() => void attempt(() => callShell('erase'))}
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
