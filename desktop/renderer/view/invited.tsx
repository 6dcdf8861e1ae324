/** Whom an invite adds: in the form for it, and as a card in a message that contains one. */
import type { RecipientInfo } from '#protocol'
import { cleanLine, isolate } from '../../text/foreign.ts'
import { openConversation, openDialog } from '../state/actions.ts'
import { useRecipient } from '../state/recipient.ts'
import { useText } from '../state/state.ts'
import type { Catalogue } from '../../text/catalogue.ts'
import { shortId } from '../model/friend-display.ts'
import { Face } from './controls.tsx'

type InviteInfo = Extract<RecipientInfo, { kind: 'invite' }>

/** What will happen with this text, as one sentence; undefined where there is nothing to say. */
export function expectation(info: RecipientInfo | undefined, { add }: Catalogue): string | undefined {
  switch (info?.kind) {
    case undefined:
      return undefined
    case 'code':
      return info.lan ? add.codeNearby : info.needsNode ? add.needsNode : undefined
    case 'handle':
      return info.needsNode ? add.needsNode : undefined
    case 'peer':
    case 'invite': {
      const who = isolate(info.kind === 'invite' ? nameIn(info) : shortId(info.peer))
      if (info.known !== undefined && info.known !== 'removed') return add.known[info.known](who)
      if (info.kind === 'invite' && info.expired) return add.expired(who)
      return add.adds(who)
    }
  }
}

export function Invited({ info }: { info: InviteInfo }) {
  return (
    <span className="invited">
      <Face name={nameIn(info)} peer={info.peer} />
      <span className="one-line">
        <strong>
          <bdi>{nameIn(info)}</bdi>
        </strong>{' '}
        <span className="mono quiet short-id">{shortId(info.peer)}</span>
      </span>
    </span>
  )
}

/** An invite inside a message, in place of its link. */
export function InviteCard({ link }: { link: string }) {
  const text = useText()
  const { info, wrong } = useRecipient(link)
  if (wrong !== undefined) return <span className="invite-card quiet">{text.message.inviteDamaged}</span>
  if (info?.kind !== 'invite') return <span className="invite-card quiet">{text.common.loading}</span>
  const note = cardNote(info, text)
  return (
    <span className="invite-card" role="group" aria-label={text.message.inviteFrom(isolate(nameIn(info)))}>
      <Invited info={info} />
      {note !== undefined && <span className="quiet">{note}</span>}
      {info.known === 'friend' && (
        <button type="button" className="button" onClick={() => void openConversation(info.peer)}>
          {text.message.inviteOpen}
        </button>
      )}
      {note === undefined && (
        <button type="button" className="button main" onClick={() => openDialog({ kind: 'add', tab: 'join', link })}>
          {text.message.inviteAdd}
        </button>
      )}
    </span>
  )
}

/** Why the invite is of no use here; undefined if it is of use. */
function cardNote({ known, expired }: InviteInfo, { add, message }: Catalogue): string | undefined {
  switch (known) {
    case 'self':
      return message.inviteOwn
    case 'friend':
      return message.inviteFriend
    case 'blocked':
    case 'incoming':
    case 'requested':
    case 'removed':
    case undefined:
      return expired ? add.expiredShort : undefined
  }
}

function nameIn({ name, peer }: InviteInfo): string {
  return cleanLine(name, 64) || shortId(peer)
}
