/** The right column about one group: its members, and what this person may do. */
import { X } from 'lucide-react'
import type { Group } from '#protocol'
import { isolate } from '../../text/foreign.ts'
import { toggleDetails } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'
import { dateOnly } from '../model/format.ts'
import { groupName } from '../model/group-display.ts'
import { GroupFace, IconButton } from './controls.tsx'
import { groupActions } from './group-actions.tsx'
import { WhoIsIn } from './group-invitation.tsx'
import { GroupMembers } from './group-members.tsx'

export function GroupDetails({ group }: { group: Group }) {
  const text = useText()
  const { details, conversation, group: labels, tag } = text
  const self = useApp((state) => state.self?.peer ?? '')
  const actions = groupActions(group, self, text)
  return (
    <aside className="details scroll" aria-label={details.title} tabIndex={-1}>
      <header className="bar" style={{ border: 0 }}>
        <h2 className="who">{details.title}</h2>
        <IconButton label={conversation.hideDetails} onClick={toggleDetails}>
          <X size={20} />
        </IconButton>
      </header>
      <div className="person-card">
        <GroupFace group={group} />
        <h2>
          <bdi className="selectable">{groupName(group)}</bdi>
        </h2>
        <p className="quiet small">{labels.since(dateOnly(group.createdAt, tag))}</p>
      </div>
      {actions.length > 0 && (
        <section>
          <div className="buttons">
            {actions.map(({ label, icon, onChoose }, index) => (
              <button
                key={label}
                type="button"
                className={`button ${index === actions.length - 1 ? 'bad' : ''}`}
                onClick={onChoose}
              >
                {icon}
                {label}
              </button>
            ))}
          </div>
        </section>
      )}
      <section>
        {group.members.length > 0 ? (
          <>
            <h3>{isolate(labels.members(group.members.length))}</h3>
            <GroupMembers group={group} self={self} />
          </>
        ) : (
          group.invitation !== undefined && <WhoIsIn {...group.invitation} />
        )}
      </section>
    </aside>
  )
}
