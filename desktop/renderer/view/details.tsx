/** The right column about one friend: the path and its reason, the verification, the shared files. */
import { BadgeCheck, ShieldQuestion, X } from 'lucide-react'
import type { Friend } from '#protocol'
import { cleanLine } from '../../text/foreign.ts'
import { openDialog, toggleDetails } from '../state/actions.ts'
import { useText } from '../state/state.ts'
import { dateOnly, dayAndTime } from '../model/format.ts'
import { nameOf } from '../model/friend-display.ts'
import { Avatar, CopyLine, IconButton } from './controls.tsx'
import { ConnectionPanel } from './connection-panel.tsx'
import { friendshipActions } from './friend-actions.tsx'
import { SharedFiles } from './transfers.tsx'

export function Details({ friend }: { friend: Friend }) {
  const text = useText()
  const { details, conversation, tag } = text
  const { peer, state } = friend
  return (
    <aside className="details scroll" aria-label={details.title} tabIndex={-1}>
      <header className="bar" style={{ border: 0 }}>
        <h2 className="who">{details.title}</h2>
        <IconButton label={conversation.hideDetails} onClick={toggleDetails}>
          <X size={20} />
        </IconButton>
      </header>
      <div className="person-card">
        <Avatar friend={friend} />
        <h2>
          <bdi className="selectable">{nameOf(friend)}</bdi>
        </h2>
        {friend.handle !== undefined && <p className="quiet">@{cleanLine(friend.handle, 32)}</p>}
        {state === 'friend' && (
          <p className="quiet small">
            {friend.online
              ? details.online
              : friend.lastSeen !== undefined &&
                `${details.lastSeen}: ${dayAndTime(friend.lastSeen, Date.now(), text)}`}
          </p>
        )}
      </div>
      {state === 'friend' && <ConnectionPanel friend={friend} />}
      {state === 'friend' && (
        <section>
          <h3 style={{ display: 'flex', gap: '0.5rem', alignItems: 'center' }}>
            {friend.verified ? <BadgeCheck size={18} color="var(--good)" /> : <ShieldQuestion size={18} />}
            {friend.verified ? details.verified : details.notVerified}
          </h3>
          <p className="quiet small">{details.verifyHint}</p>
          <button type="button" className="button" onClick={() => openDialog({ kind: 'verify', peer })}>
            {details.verify}
          </button>
        </section>
      )}
      <SharedFiles peer={peer} />
      <section>
        <h3>{details.manage}</h3>
        {state === 'friend' && (
          <dl className="facts">
            <dt>{details.added}</dt>
            <dd>{dateOnly(friend.addedAt, tag)}</dd>
            <dt>{details.away}</dt>
            <dd>{friend.mailbox ? details.awayLeft : details.awayWaits}</dd>
          </dl>
        )}
        <div className="field">
          <span className="quiet small">{details.id}</span>
          <CopyLine value={peer} label={`${details.id}: ${peer.slice(-6)}`} />
        </div>
        <div className="buttons">
          {friendshipActions(friend, text).map(({ label, onChoose }) => (
            <button
              key={label}
              type="button"
              className={`button ${label === details.block ? 'bad' : ''}`}
              onClick={onChoose}
            >
              {label}
            </button>
          ))}
        </div>
      </section>
    </aside>
  )
}
