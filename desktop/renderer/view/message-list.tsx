/**
 * The messages, of which only those in sight are drawn. Stays at the end while one is there, keeps its place when more
 * are loaded above or below, and offers the way back down. Another stretch of the conversation is another list.
 */
import { ArrowDown } from 'lucide-react'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { WheelEvent } from 'react'
import { Virtualizer } from 'virtua'
import type { VirtualizerHandle } from 'virtua'
import type { Friend } from '#protocol'
import { isolate } from '../../text/foreign.ts'
import { loadLatest, readOpen } from '../state/actions.ts'
import { dayName, dayStart } from '../model/format.ts'
import { Leaving } from './scroll-intent.ts'
import { nameOf } from '../model/friend-display.ts'
import { rowsOf, timeOf } from '../model/message-rows.ts'
import type { Row } from '../model/message-rows.ts'
import { store, useApp, useText } from '../state/state.ts'
import type { Talk } from '../state/state.ts'
import { emptyTalk, loadNewer, loadOlder } from '../state/conversations.ts'
import { Avatar } from './controls.tsx'
import { MessageRow } from './message-row.tsx'

/** Pixels from the end within which one counts as being there, and from either edge within which more is loaded. */
const nearEnd = 48
const nearEdge = 600

export function MessageList({ friend }: { friend: Friend }) {
  const text = useText()
  const { conversation, common } = text
  const talk = useApp((state) => state.talks.get(friend.peer)) ?? emptyTalk
  const typing = useApp((state) => state.typing.has(friend.peer))
  const target = useApp((state) => (state.target?.peer === friend.peer ? state.target.message : undefined))
  const rows = useMemo(() => rowsOf(talk), [talk])
  const { scroller, list, prepending, atEnd, day, onScroll, toEnd, acts } = useScrolling(
    friend.peer,
    rows,
    talk,
    target,
  )
  return (
    <>
      <div className="messages">
        {talk.failed && (
          <div className="empty" role="alert">
            <p>{conversation.loadFailed}</p>
            <button type="button" className="button" onClick={() => void loadLatest(friend.peer)}>
              {common.retry}
            </button>
          </div>
        )}
        <div
          ref={scroller}
          className="messages-scroll scroll"
          style={{ display: 'flex', flexDirection: 'column' }}
          role="log"
          aria-label={conversation.messages}
          tabIndex={0}
          {...acts}
        >
          <div style={{ flexGrow: 1 }} />
          <Virtualizer ref={list} data={rows} scrollRef={scroller} shift={prepending} itemSize={44} onScroll={onScroll}>
            {(row: Row) => (
              <div key={row.key} className="row">
                <OneRow row={row} friend={friend} target={target} />
              </div>
            )}
          </Virtualizer>
        </div>
        {!atEnd && day !== undefined && (
          <div className="day day-now" aria-hidden="true">
            <span>{dayName(day, Date.now(), text)}</span>
          </div>
        )}
        {!atEnd && rows.length > 0 && (
          <button
            type="button"
            className="jump"
            aria-label={conversation.latest}
            title={conversation.latest}
            onClick={toEnd}
          >
            <ArrowDown size={20} aria-hidden="true" />
            {friend.unread > 0 && <span className="badge">{friend.unread}</span>}
          </button>
        )}
      </div>
      <p className="typing-line" aria-live="polite">
        {typing ? conversation.typing(isolate(nameOf(friend))) : ''}
      </p>
    </>
  )
}

function OneRow({ row, friend, target }: { row: Row; friend: Friend; target: string | undefined }) {
  const text = useText()
  switch (row.kind) {
    case 'beginning':
      return (
        <div className="beginning">
          <Avatar friend={friend} />
          <h2>
            <bdi>{nameOf(friend)}</bdi>
          </h2>
          <p>{text.conversation.start(isolate(nameOf(friend)))}</p>
          <p>{text.conversation.private}</p>
        </div>
      )
    case 'day':
      return (
        <div className="day">
          <span>{dayName(row.time, Date.now(), text)}</span>
        </div>
      )
    case 'unread':
      return <div className="unread-line">{text.conversation.unreadHere}</div>
    case 'message':
      return (
        <MessageRow
          friend={friend}
          message={row.message}
          first={row.first}
          last={row.last}
          target={target === row.message.id}
        />
      )
  }
}

function useScrolling(
  peer: string,
  rows: readonly Row[],
  { pages, latest }: Pick<Talk, 'pages' | 'latest'>,
  target: string | undefined,
) {
  const scroller = useRef<HTMLDivElement>(null)
  const list = useRef<VirtualizerHandle>(null)
  const seenPages = useRef(pages)
  const seenLast = useRef<string | undefined>(undefined)
  const begun = useRef(false)
  const sticks = useRef(latest)
  const seenLatest = useRef(latest)
  const [leaving] = useState(() => new Leaving())
  const [atEnd, setAtEnd] = useState(latest)
  /** When that was said which is at the top, unless its day is shown there anyway. */
  const [day, setDay] = useState<number>()
  const prepending = seenPages.current !== pages

  const toEnd = useCallback((): void => {
    if (!latest) return void loadLatest(peer).then(readOpen)
    sticks.current = true
    setAtEnd(true)
    list.current?.scrollToIndex(Number.MAX_SAFE_INTEGER, { align: 'end' })
  }, [peer, latest])

  useLayoutEffect(() => {
    seenPages.current = pages
  }, [pages])

  // The first look: at what was sought, at what is new, or at the end. Later: stay at the end, and go there for what one
  // writes oneself.
  useLayoutEffect(() => {
    const newest = rows.at(-1)
    if (newest === undefined) return
    const added = latest && seenLatest.current && newest.key !== seenLast.current
    const mine = added && newest.kind === 'message' && newest.message.direction === 'out'
    const unread = rows.findIndex(({ kind }) => kind === 'unread')
    if (!begun.current && !latest) sticks.current = false
    else if (!begun.current && unread >= 0) list.current?.scrollToIndex(unread, { align: 'start', offset: -80 })
    else if (!begun.current || sticks.current || mine) {
      sticks.current = true
      list.current?.scrollToIndex(rows.length - 1, { align: 'end' })
    }
    begun.current = true
    seenLatest.current = latest
    seenLast.current = newest.key
  }, [rows, latest])

  const found = target === undefined ? -1 : rows.findIndex(({ key }) => key === target)
  const isFound = found >= 0
  useEffect(() => {
    if (!isFound) return undefined
    sticks.current = false
    list.current?.scrollToIndex(found, { align: 'center' })
    const timer = setTimeout(() => store.set({ target: undefined }), 2000)
    return () => clearTimeout(timer)
    // Rows that come meanwhile must not scroll again.
  }, [target, isFound])

  // The window or the composer changes the height: whoever is at the end stays there.
  useEffect(() => {
    const element = scroller.current
    if (element === null) return undefined
    const observer = new ResizeObserver(() => {
      if (sticks.current) list.current?.scrollToIndex(Number.MAX_SAFE_INTEGER, { align: 'end' })
    })
    observer.observe(element)
    for (const child of element.children) observer.observe(child)
    return () => observer.disconnect()
  }, [])

  const onScroll = (offset: number): void => {
    const [element, sizes] = [scroller.current, list.current]
    if (element === null || sizes === null) return
    const left = leaving.scrolled(offset, sizes.scrollSize)
    // The element lays out everything once more when it is asked, so only about leaving; the list knows, a moment late.
    const fromEnd = sizes.scrollSize - offset - sizes.viewportSize
    const end =
      latest && (sticks.current ? element.scrollHeight - element.scrollTop - element.clientHeight : fromEnd) <= nearEnd
    if (end) sticks.current = true
    else if (left) sticks.current = false
    else if (sticks.current) list.current?.scrollToIndex(Number.MAX_SAFE_INTEGER, { align: 'end' })
    setAtEnd(end || sticks.current)
    const top = rows[sizes.findItemIndex(offset)]
    setDay(top?.kind === 'message' ? dayStart(timeOf(top.message)) : undefined)
    if (offset < nearEdge) void loadOlder(peer)
    if (!latest && fromEnd < nearEdge) void loadNewer(peer).then(readOpen)
  }
  const acts = {
    onWheel: ({ deltaY }: WheelEvent) => deltaY < 0 && leaving.act(),
    onTouchMove: () => leaving.act(),
    onKeyDown: () => leaving.act(),
    onPointerDown: () => leaving.act(),
  }
  return { scroller, list, prepending, atEnd, day, onScroll, toEnd, acts }
}
