/** One message: what was said, to which it replies, when, and how far it got; and what can be done with it. */
import { Copy, EllipsisVertical, Reply, Undo2 } from 'lucide-react'
import { memo, useDeferredValue } from 'react'
import type { Friend, Message } from '#protocol'
import { cleanLine, cleanText, pieces } from '../../text/foreign.ts'
import { ask, copy, openConversation, recall, replyTo } from '../state/actions.ts'
import { clock, fullWhen } from '../model/format.ts'
import { nameOf } from '../model/friend-display.ts'
import { useApp, useText } from '../state/state.ts'
import { timeOf } from '../model/message-rows.ts'
import { Avatar, IconButton } from './controls.tsx'
import { Menu } from './menu.tsx'
import { StateMark } from './state-mark.tsx'
import { TransferCard } from './transfer-card.tsx'

/** Emoji that stand alone, up to so many, are drawn large. */
const largeEmoji = 3
const segmenter = new Intl.Segmenter()

interface MessageRowProps {
  friend: Friend
  message: Message
  first: boolean
  last: boolean
  target: boolean
}

export const MessageRow = memo(function MessageRow({ friend, message, first, last, target }: MessageRowProps) {
  const text = useText()
  const own = message.direction === 'out'
  const recalled = message.state === 'recalled'
  const said = cleanText(message.text)
  const kinds = [
    'message',
    own && 'own',
    first && 'first',
    last && 'last',
    recalled && 'recalled',
    target && 'target',
    !recalled && message.replyTo === undefined && isEmoji(said) && 'emoji',
  ]
  const who = own ? text.common.you : nameOf(friend)
  return (
    <article
      className={kinds.filter(Boolean).join(' ')}
      aria-label={text.message.from(who, clock(timeOf(message), text.tag))}
    >
      {!own && (last ? <Avatar friend={friend} /> : <span className="no-avatar" />)}
      {message.transfer !== undefined && !recalled ? (
        <TransferOf message={message} />
      ) : (
        <div className="bubble" dir="auto">
          {message.replyTo !== undefined && !recalled && <Quote friend={friend} id={message.replyTo} />}
          <span className="words">{recalled ? text.message.recalled : <Words said={said} />}</span>
          <Meta message={message} />
        </div>
      )}
      {!recalled && message.transfer === undefined && friend.state === 'friend' && <Tools message={message} />}
    </article>
  )
})

function Meta({ message }: { message: Message }) {
  const { tag } = useText()
  return (
    <span className="meta">
      <time title={fullWhen(timeOf(message), tag)}>{clock(timeOf(message), tag)}</time>
      <StateMark message={message} />
    </span>
  )
}

function Words({ said }: { said: string }) {
  return pieces(said).map((piece, index) =>
    'link' in piece ? (
      <a
        // The pieces of a message never change their order.
        key={index}
        href={piece.link}
        onClick={(event) => {
          event.preventDefault()
          ask({ kind: 'link', url: piece.link })
        }}
      >
        {piece.text}
      </a>
    ) : (
      piece.text
    ),
  )
}

/** The message that this one answers; a click goes there. */
function Quote({ friend, id }: { friend: Friend; id: string }) {
  const text = useText()
  const original = useApp(({ talks }) => {
    const talk = talks.get(friend.peer)
    return talk?.messages.find((message) => message.id === id) ?? talk?.quoted.get(id)
  })
  if (original === undefined) return <span className="quote">{text.message.original}</span>
  return (
    <button type="button" className="quote" onClick={() => void openConversation(friend.peer, original)}>
      <strong>
        <bdi>{original.direction === 'out' ? text.common.you : nameOf(friend)}</bdi>
      </strong>
      <bdi className="one-line" style={{ display: 'block' }}>
        {original.state === 'recalled' ? text.message.recalled : cleanLine(original.text, 160) || text.sidebar.files}
      </bdi>
    </button>
  )
}

/** They come a moment after what was said, into their place: in many rows at a time they would hold up scrolling. */
function Tools({ message }: { message: Message }) {
  const { message: words } = useText()
  const drawn = useDeferredValue(true, false)
  if (!drawn) return <div className="message-tools" />
  const items = [
    { label: words.copy, icon: <Copy size={16} />, onChoose: () => void copy(message.text) },
    ...(message.state === 'queued' && message.direction === 'out'
      ? [{ label: words.recall, icon: <Undo2 size={16} />, onChoose: () => void recall(message) }]
      : []),
  ]
  return (
    <div className="message-tools">
      <IconButton label={words.reply} onClick={() => replyTo(message)}>
        <Reply size={17} />
      </IconButton>
      <Menu label={words.actions} icon={<EllipsisVertical size={17} />} items={items} />
    </div>
  )
}

function TransferOf({ message }: { message: Message }) {
  const transfer = useApp((state) => state.transfers.get(message.transfer ?? ''))
  const { sidebar } = useText()
  if (transfer === undefined) return <div className="bubble">{cleanLine(message.text) || sidebar.files}</div>
  return <TransferCard transfer={transfer} />
}

function isEmoji(said: string): boolean {
  if (said.length > 40 || said === '') return false
  const graphemes = [...segmenter.segment(said.trim())].map(({ segment }) => segment)
  return (
    graphemes.length <= largeEmoji &&
    graphemes.every((one) => /\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(one))
  )
}
