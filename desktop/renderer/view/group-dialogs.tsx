/** The dialogs about one group: who is asked in, its name, leaving it, removing somebody. */
import { useState } from 'react'
import type { FormEvent } from 'react'
import { limits } from '#limits'
import type { Group } from '#protocol'
import { isolate } from '../../text/foreign.ts'
import { inviteToGroup, leaveGroup, removeFromGroup, renameGroup } from '../state/groups.ts'
import type { History } from '../state/groups.ts'
import { errorText, useApp, useText } from '../state/state.ts'
import type { Dialog } from '../state/state.ts'
import { groupName, isIn, memberName } from '../model/group-display.ts'
import { Field } from './controls.tsx'
import { FriendPicker } from './friend-picker.tsx'
import { Confirm, Modal } from './modal.tsx'

export type GroupDialogKind = Extract<Dialog, { group: string }>

/** Nothing if there is no such group any more. */
export function GroupDialog({ dialog, onClose }: { dialog: GroupDialogKind; onClose: () => void }) {
  const group = useApp((state) => state.groups.get(dialog.group))
  if (group === undefined) return null
  switch (dialog.kind) {
    case 'group-invite':
      return <InviteDialog group={group} onClose={onClose} />
    case 'group-rename':
      return <RenameDialog group={group} onClose={onClose} />
    case 'group-leave':
      return <LeaveDialog group={group} onClose={onClose} />
    case 'group-remove':
      return <RemoveDialog group={group} peer={dialog.peer} onClose={onClose} />
  }
}

function InviteDialog({ group, onClose }: { group: Group; onClose: () => void }) {
  const { group: labels, common } = useText()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [history, setHistory] = useState<History>('none')
  const invite = (event: FormEvent): void => {
    event.preventDefault()
    onClose()
    void inviteToGroup(group.group, [...chosen], history)
  }
  return (
    <Modal title={labels.inviteTitle(isolate(groupName(group)))} onClose={onClose}>
      <form className="stack" onSubmit={invite}>
        <FriendPicker chosen={chosen} onChange={setChosen} without={new Set(group.members.map(({ peer }) => peer))} />
        <Field label={labels.history} hint={labels.historyHint}>
          {({ id, describedBy }) => (
            <select
              id={id}
              className="input"
              value={history}
              aria-describedby={describedBy}
              onChange={(event) => setHistory(event.target.value as History)}
            >
              {(['none', 'last', 'all'] as const).map((one) => (
                <option key={one} value={one}>
                  {labels.histories[one]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div className="buttons end">
          <button type="button" className="button" onClick={onClose}>
            {common.cancel}
          </button>
          <button type="submit" className="button main" disabled={chosen.size === 0}>
            {labels.inviteDo}
          </button>
        </div>
      </form>
    </Modal>
  )
}

function RenameDialog({ group, onClose }: { group: Group; onClose: () => void }) {
  const { group: labels, common } = useText()
  const [name, setName] = useState(group.name)
  const [wrong, setWrong] = useState<string>()
  const rename = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    try {
      await renameGroup(group.group, name.trim())
      onClose()
    } catch (error) {
      setWrong(errorText(error))
    }
  }
  return (
    <Modal title={labels.renameTitle} onClose={onClose}>
      <form className="stack" onSubmit={(event) => void rename(event)}>
        <Field label={labels.name} wrong={wrong}>
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
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <div className="buttons end">
          <button type="button" className="button" onClick={onClose}>
            {common.cancel}
          </button>
          <button type="submit" className="button main" disabled={name.trim() === ''}>
            {common.save}
          </button>
        </div>
      </form>
    </Modal>
  )
}

/** Who is out already can only delete it here. */
function LeaveDialog({ group, onClose }: { group: Group; onClose: () => void }) {
  const { group: labels } = useText()
  const [forget, setForget] = useState(false)
  const inside = isIn(group)
  const name = isolate(groupName(group))
  const last = inside && group.members.length > 1 && leavesNobody(group)
  return (
    <Confirm
      title={inside ? labels.leaveTitle(name) : labels.forgetTitle(name)}
      intro={inside ? labels.leaveIntro : labels.forgetIntro}
      action={inside ? labels.leaveDo : labels.forgetDo}
      bad
      onClose={onClose}
      onConfirm={() => {
        onClose()
        void leaveGroup(group.group, forget || !inside)
      }}
    >
      {last && <p className="notice warn">{labels.leaveFrozen}</p>}
      {inside && (
        <label className="check">
          <input type="checkbox" checked={forget} onChange={(event) => setForget(event.target.checked)} />
          {labels.leaveForget}
        </label>
      )}
    </Confirm>
  )
}

/** Nobody of the others could add or remove members. */
function leavesNobody({ members, founder, rank }: Group): boolean {
  const officers = members.filter((member) => member.rank > 0 || member.peer === founder)
  return officers.length === 1 && (rank > 0 || officers[0]?.rank === 0)
}

function RemoveDialog({ group, peer, onClose }: { group: Group; peer: string; onClose: () => void }) {
  const { group: labels } = useText()
  const [undo, setUndo] = useState(false)
  const member = group.members.find((one) => one.peer === peer)
  if (member === undefined) return null
  return (
    <Confirm
      title={labels.removeTitle(isolate(memberName(member)))}
      intro={labels.removeIntro}
      action={labels.removeDo}
      bad
      onClose={onClose}
      onConfirm={() => {
        onClose()
        void removeFromGroup(group.group, peer, undo)
      }}
    >
      {member.rank > 0 && (
        <label className="check">
          <input type="checkbox" checked={undo} onChange={(event) => setUndo(event.target.checked)} />
          {labels.removeUndo}
        </label>
      )}
    </Confirm>
  )
}
