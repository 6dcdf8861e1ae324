/** One message: its text, the message it replies to, its time and state, and the possible actions. */
import { Copy, EllipsisVertical, ExternalLink, Link, Reply, Undo2 } from 'lucide-react'
import { memo, useDeferredValue, useEffect, useState } from 'react'
import { addedAt, saidAt } from '#message-times'
import type { Message } from '#protocol'
import type { Catalogue } from '../../text/catalogue.ts'
import { cleanLine, cleanText, pieces } from '../../text/foreign.ts'
import { copy, loadTransfer, openMessage, recall } from '../state/actions.ts'
import { replyTo } from '../state/drafts.ts'
import { callMain } from '../state/clients.ts'
import { useApp, useText } from '../state/state.ts'
import { attempt } from '../state/toasts.ts'
import { conversationOf } from '../model/conversation-id.ts'
import { clock, fullWhen } from '../model/format.ts'
import { colourOf } from '../model/friend-display.ts'
import { authorName } from '../model/group-display.ts'
import { openContextMenu } from './context-menu.tsx'
import { Face, IconButton } from './controls.tsx'
import { InvitationCard } from './group-invitation.tsx'
import { InviteCard } from './invited.tsx'
import { Menu } from './menu.tsx'
import type { MenuItem } from './menu.tsx'
import { StateMark } from './state-mark.tsx'
import { TransferCard } from './transfer-card.tsx'

/** A message of at most this many emoji, and nothing else, is shown large. */
const largeEmoji = 3
const segmenter = new Intl.Segmenter()

interface MessageRowProps {
  message: Message
  /** Something can be written there. */
  writable: boolean
  first: boolean
  last: boolean
  target: boolean
}

export const MessageRow = memo(function MessageRow({ message, writable, first, last, target }: MessageRowProps) {
  const text = useText()
  const own = message.direction === 'out'
  const recalled = message.state === 'recalled'
  const body = cleanText(message.text)
  const classes = [
    'message',
    own && 'own',
    first && 'first',
    last && 'last',
    (recalled || message.unknown === true) && 'recalled',
    target && 'target',
    !recalled && message.replyTo === undefined && isEmoji(body) && 'emoji',
  ]
  const author = useAuthor(message)
  const named = message.group !== undefined && !own && first
  return (
    <article
      className={classes.filter(Boolean).join(' ')}
      aria-label={text.message.from(author, clock(saidAt(message), text.tag))}
      aria-description={waited(message) ? timesOf(message, text) : undefined}
      onContextMenu={(event) => openContextMenu(event, menuOf(message, writable, text))}
    >
      {!own &&
        (last ? <Face name={author.replace(/^~/u, '')} peer={message.peer} /> : <span className="avatar-space" />)}
      {message.transfer !== undefined && !recalled ? (
        <TransferOf message={message} />
      ) : message.invitation !== undefined && !recalled ? (
        <InvitationCard message={message} invitation={message.invitation} />
      ) : (
        <div className="bubble" dir="auto">
          {named && (
            <bdi className={`author hue-${colourOf(message.peer)}`} aria-hidden="true">
              {author}
            </bdi>
          )}
          {message.replyTo !== undefined && !recalled && (
            <Quote conversation={conversationOf(message)} id={message.replyTo} />
          )}
          <span className="body">
            {recalled ? text.message.recalled : message.unknown ? text.message.unknown : <MessageText body={body} />}
          </span>
          <Meta message={message} />
        </div>
      )}
      {!recalled && isText(message) && writable && <Tools message={message} />}
    </article>
  )
})

/** The name of who said it. */
function useAuthor(message: Pick<Message, 'direction' | 'peer' | 'group'> | undefined): string {
  const { common } = useText()
  return useApp((state) => {
    if (message === undefined) return ''
    return message.direction === 'out' ? common.you : authorName(state, conversationOf(message), message.peer)
  })
}

function isText({ transfer, invitation }: Message): boolean {
  return transfer === undefined && invitation === undefined
}

function Meta({ message }: { message: Message }) {
  const text = useText()
  return (
    <span className="meta">
      <time title={timesOf(message, text)}>{clock(saidAt(message), text.tag)}</time>
      <StateMark message={message} words />
    </span>
  )
}

/** It came so much later than it was said that the two are shown as different times. */
function waited(message: Message): boolean {
  return addedAt(message) - saidAt(message) >= 60_000
}

function timesOf(message: Message, { message: labels, tag }: Catalogue): string {
  const [said, added] = [saidAt(message), addedAt(message)].map((time) => fullWhen(time, tag))
  return waited(message) ? labels.times(said ?? '', added ?? '') : (said ?? '')
}

function openLink(url: string): void {
  void attempt(() => callMain('openLink', { url }))
}

function MessageText({ body }: { body: string }) {
  const { link } = useText()
  return pieces(body).map((piece, index) =>
    'invite' in piece ? (
      <InviteCard key={index} link={piece.invite} />
    ) : 'link' in piece ? (
      <a
        // The pieces of a message never change their order.
        key={index}
        href={piece.link}
        onClick={(event) => {
          event.preventDefault()
          openLink(piece.link)
        }}
        onContextMenu={(event) =>
          openContextMenu(event, [
            { label: link.openThis, icon: <ExternalLink size={16} />, onChoose: () => openLink(piece.link) },
            { label: link.copy, icon: <Link size={16} />, onChoose: () => void copy(piece.link) },
          ])
        }
      >
        {piece.text}
      </a>
    ) : (
      piece.text
    ),
  )
}

function quotedText({ state, unknown, invitation, text: said }: Message, catalogue: Catalogue): string {
  const { message, sidebar, group } = catalogue
  if (state === 'recalled') return message.recalled
  if (invitation !== undefined) return group.invitation
  return unknown ? message.unknown : cleanLine(said, 160) || sidebar.files
}

/** The message that this one replies to; a click goes there. */
function Quote({ conversation, id }: { conversation: string; id: string }) {
  const text = useText()
  const original = useApp(({ conversations }) => {
    const loaded = conversations.get(conversation)
    return loaded?.messages.find((message) => message.id === id) ?? loaded?.quoted.get(id)
  })
  const author = useAuthor(original)
  if (original === undefined) return <span className="quote">{text.message.original}</span>
  return (
    <button type="button" className="quote" onClick={() => void openMessage(original)}>
      <strong>
        <bdi>{author}</bdi>
      </strong>
      <bdi className="one-line" style={{ display: 'block' }}>
        {quotedText(original, text)}
      </bdi>
    </button>
  )
}

/**
 * The buttons of a message. They are rendered after its text, into a place that is kept for them: in many rows at once
 * they would delay scrolling.
 */
function Tools({ message }: { message: Message }) {
  const { message: labels } = useText()
  const rendered = useDeferredValue(true, false)
  if (!rendered) return <div className="message-tools" />
  return (
    <div className="message-tools">
      <IconButton label={labels.reply} onClick={() => replyTo(message)}>
        <Reply size={17} />
      </IconButton>
      <Menu label={labels.actions} icon={<EllipsisVertical size={17} />} items={actionsOf(message, labels)} />
    </div>
  )
}

function actionsOf(message: Message, labels: Catalogue['message']): MenuItem[] {
  return [
    { label: labels.copy, icon: <Copy size={16} />, onChoose: () => void copy(message.text) },
    ...(message.state === 'queued' && message.direction === 'out' && message.group === undefined
      ? [{ label: labels.recall, icon: <Undo2 size={16} />, onChoose: () => void recall(message) }]
      : []),
  ]
}

/** The menu of a message: what is selected can be copied, and what the buttons of the message do. */
function menuOf(message: Message, writable: boolean, { common, message: labels }: Catalogue): MenuItem[] {
  if (message.state === 'recalled') return []
  const selected = document.getSelection()?.toString() ?? ''
  const copySelected = { label: common.copy, icon: <Copy size={16} />, onChoose: () => void copy(selected) }
  const reply = { label: labels.reply, icon: <Reply size={16} />, onChoose: () => replyTo(message) }
  return [
    ...(selected === '' ? [] : [copySelected]),
    ...(isText(message) && writable ? [reply] : []),
    ...(message.transfer === undefined || message.text !== '' ? actionsOf(message, labels) : []),
  ]
}

function TransferOf({ message }: { message: Message }) {
  const transfer = useApp((state) => state.transfers.get(message.transfer ?? ''))
  const { sidebar, files } = useText()
  const [isGone, setGone] = useState(false)
  const isKnown = transfer !== undefined
  useEffect(() => {
    if (!isKnown) void loadTransfer(message.transfer ?? '').then((found) => setGone(!found))
  }, [isKnown, message.transfer])
  if (isKnown) return <TransferCard transfer={transfer} />
  return <div className="bubble">{isGone ? files.notListed : cleanLine(message.text) || sidebar.files}</div>
}

function isEmoji(text: string): boolean {
  if (text.length > 40 || text === '') return false
  const graphemes = [...segmenter.segment(text.trim())].map(({ segment }) => segment)
  return (
    graphemes.length <= largeEmoji &&
    graphemes.every((one) => /\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(one))
  )
}
