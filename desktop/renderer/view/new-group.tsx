/** Founding a group: its name, and the friends who are asked into it. */
import { useState } from 'react'
import type { FormEvent } from 'react'
import { limits } from '#limits'
import { openConversation } from '../state/actions.ts'
import { createGroup, inviteToGroup } from '../state/groups.ts'
import { errorText, useText } from '../state/state.ts'
import { Field } from './controls.tsx'
import { FriendPicker } from './friend-picker.tsx'
import { Modal } from './modal.tsx'

export function NewGroup({ onClose }: { onClose: () => void }) {
  const { group, common } = useText()
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [wrong, setWrong] = useState<string>()
  const [busy, setBusy] = useState(false)
  const create = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      const { group: id } = await createGroup(name.trim())
      onClose()
      await openConversation(id)
      await inviteToGroup(id, [...chosen], 'none')
    } catch (error) {
      setWrong(errorText(error))
      setBusy(false)
    }
  }
  return (
    <Modal title={group.newTitle} onClose={onClose}>
      <form className="stack" onSubmit={(event) => void create(event)}>
        <Field label={group.name} hint={group.nameHint} wrong={wrong}>
          {({ id, describedBy, invalid }) => (
            <input
              id={id}
              className="input"
              value={name}
              data-first
              autoComplete="off"
              dir="auto"
              maxLength={limits.nameCharacters}
              aria-describedby={describedBy}
              aria-invalid={invalid}
              onChange={(event) => {
                setName(event.target.value)
                setWrong(undefined)
              }}
            />
          )}
        </Field>
        <FriendPicker chosen={chosen} onChange={setChosen} />
        <div className="buttons end">
          <button type="button" className="button" onClick={onClose}>
            {common.cancel}
          </button>
          <button type="submit" className="button main" disabled={busy || name.trim() === ''}>
            {group.create}
          </button>
        </div>
      </form>
    </Modal>
  )
}
