/**
 * The messages of a conversation, of which only those in sight are rendered. The list stays at the end while the person
 * is there, keeps its position when a page is loaded above or below, and has a button that goes to the end. Each loaded
 * range of the conversation is a list of its own (`rangeId`).
 */
import { ArrowDown } from 'lucide-react'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { ReactNode, WheelEvent } from 'react'
import { Virtualizer } from 'virtua'
import type { VirtualizerHandle } from 'virtua'
import { saidAt } from '#message-times'
import { clearTarget, loadLatest } from '../state/actions.ts'
import { emptyConversation } from '../state/conversations.ts'
import { loadNewer, loadOlder } from '../state/history.ts'
import { showsUpTo } from '../state/reading.ts'
import { useApp, useText } from '../state/state.ts'
import type { LoadedConversation } from '../state/state.ts'
import { dayName, dayStart } from '../model/format.ts'
import { ScrollIntent } from './scroll-intent.ts'
import { rowsOf } from '../model/message-rows.ts'
import type { Row } from '../model/message-rows.ts'
import { focusComposer } from './focus.ts'
import { MessageRow } from './message-row.tsx'
import { TypingLine } from './typing-line.tsx'

/** Pixels from the end within which the list counts as being at its end. */
const nearEnd = 48
/** Pixels of a row that hold its first line. */
const firstLine = 36
/** Pixels from either edge within which the next page is loaded. */
const nearEdge = 600

interface MessageListProps {
  /** PeerId or group. */
  conversation: string
  unread: number
  /** Something can be written there. */
  writable: boolean
  /** What stands before the first message. */
  beginning: ReactNode
}

export function MessageList({ conversation, unread, writable, beginning }: MessageListProps) {
  const text = useText()
  const loaded = useApp((state) => state.conversations.get(conversation)) ?? emptyConversation
  const target = useApp((state) => (state.target?.conversation === conversation ? state.target.message : undefined))
  const rows = useMemo(() => rowsOf(loaded), [loaded])
  const { scroller, list, prepending, atEnd, day, onScroll, toEnd, inputs } = useScrolling(
    conversation,
    rows,
    loaded,
    target,
  )
  return (
    <>
      <div className="messages">
        {loaded.failed && (
          <div className="empty" role="alert">
            <p>{text.conversation.loadFailed}</p>
            <button type="button" className="button" onClick={() => void loadLatest(conversation)}>
              {text.common.retry}
            </button>
          </div>
        )}
        <div
          ref={scroller}
          className="messages-scroll scroll"
          style={{ display: 'flex', flexDirection: 'column' }}
          role="log"
          aria-label={text.conversation.messages}
          tabIndex={0}
          {...inputs}
        >
          <div style={{ flexGrow: 1 }} />
          <Virtualizer ref={list} data={rows} scrollRef={scroller} shift={prepending} itemSize={44} onScroll={onScroll}>
            {(row: Row) => (
              <div key={row.key} className="row">
                <OneRow row={row} writable={writable} beginning={beginning} target={target} />
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
            aria-label={unread > 0 ? `${text.conversation.latest}, ${text.unread(unread)}` : text.conversation.latest}
            data-tooltip={text.conversation.latest}
            onClick={toEnd}
          >
            <ArrowDown size={20} aria-hidden="true" />
            {unread > 0 && <span className="badge">{unread}</span>}
          </button>
        )}
      </div>
      <TypingLine conversation={conversation} />
    </>
  )
}

interface OneRowProps extends Pick<MessageListProps, 'writable' | 'beginning'> {
  row: Row
  target: string | undefined
}

function OneRow({ row, writable, beginning, target }: OneRowProps) {
  const text = useText()
  switch (row.kind) {
    case 'beginning':
      return <div className="beginning">{beginning}</div>
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
          message={row.message}
          writable={writable}
          first={row.first}
          last={row.last}
          target={target === row.message.id}
        />
      )
  }
}

function fromEndOf({ scrollHeight, scrollTop, clientHeight }: HTMLElement): number {
  return scrollHeight - scrollTop - clientHeight
}

/** The id of the last message of which at least the first line is in sight. */
function lastShown(sizes: VirtualizerHandle, rows: readonly Row[]): string | undefined {
  if (sizes.viewportSize === 0) return undefined
  const edge = sizes.scrollOffset + sizes.viewportSize
  const last = sizes.findItemIndex(edge)
  const shown = sizes.getItemOffset(last) + Math.min(firstLine, sizes.getItemSize(last)) <= edge ? last : last - 1
  const row = rows.findLast(({ kind }, index) => index <= shown && kind === 'message')
  return row?.kind === 'message' ? row.message.id : undefined
}

function useScrolling(
  conversation: string,
  rows: readonly Row[],
  { pages, latest }: Pick<LoadedConversation, 'pages' | 'latest'>,
  target: string | undefined,
) {
  const scroller = useRef<HTMLDivElement>(null)
  const list = useRef<VirtualizerHandle>(null)
  const seenPages = useRef(pages)
  const seenLast = useRef<string | undefined>(undefined)
  const positioned = useRef(false)
  const sticky = useRef(latest)
  const seenLatest = useRef(latest)
  const [scrollIntent] = useState(() => new ScrollIntent())
  const [atEnd, setAtEnd] = useState(latest)
  /** The day of the message at the top; undefined where the row at the top shows the day itself. */
  const [day, setDay] = useState<number>()
  const prepending = seenPages.current !== pages

  const toEnd = useCallback((): void => {
    focusComposer()
    if (!latest) return void loadLatest(conversation)
    sticky.current = true
    setAtEnd(true)
    list.current?.scrollToIndex(Number.MAX_SAFE_INTEGER, { align: 'end' })
  }, [conversation, latest])

  useLayoutEffect(() => {
    seenPages.current = pages
  }, [pages])

  const report = useCallback((): void => {
    const sizes = list.current
    if (sizes !== null) showsUpTo(conversation, lastShown(sizes, rows))
  }, [conversation, rows])
  useEffect(() => () => showsUpTo(conversation, undefined), [conversation])

  // At first: go to the searched message, to the first unread one, or to the end. Later: stay at the end, and go there
  // for an own message.
  useLayoutEffect(() => {
    const newest = rows.at(-1)
    if (newest === undefined) return
    const added = latest && seenLatest.current && newest.key !== seenLast.current
    const own = added && newest.kind === 'message' && newest.message.direction === 'out'
    const unread = rows.findIndex(({ kind }) => kind === 'unread')
    if (!positioned.current && !latest) sticky.current = false
    else if (!positioned.current && unread >= 0) {
      sticky.current = false
      list.current?.scrollToIndex(unread, { align: 'start', offset: -80 })
    } else if (!positioned.current || sticky.current || own) {
      sticky.current = true
      list.current?.scrollToIndex(rows.length - 1, { align: 'end' })
    }
    positioned.current = true
    seenLatest.current = latest
    seenLast.current = newest.key
  }, [rows, latest])

  const found = target === undefined ? -1 : rows.findIndex(({ key }) => key === target)
  const hasFound = found >= 0
  useEffect(() => {
    if (!hasFound) return undefined
    sticky.current = false
    list.current?.scrollToIndex(found, { align: 'center' })
    const timer = setTimeout(() => clearTarget(), 2000)
    return () => clearTimeout(timer)
    // A change of the rows must not scroll to it again, so `found` is not a dependency.
  }, [target, hasFound])

  // The window or the composer changes the height: a list at its end stays there.
  useEffect(() => {
    const element = scroller.current
    if (element === null) return undefined
    const observer = new ResizeObserver(() => {
      // Without a scroll event where everything fits.
      if (latest && positioned.current && fromEndOf(element) <= nearEnd) sticky.current = true
      if (sticky.current) list.current?.scrollToIndex(Number.MAX_SAFE_INTEGER, { align: 'end' })
      setAtEnd(sticky.current)
      report()
    })
    observer.observe(element)
    for (const child of element.children) observer.observe(child)
    return () => observer.disconnect()
  }, [report, latest])

  const onScroll = (offset: number): void => {
    const [element, sizes] = [scroller.current, list.current]
    if (element === null || sizes === null) return
    const scrolledUp = scrollIntent.scrolled(offset, sizes.scrollSize)
    // Reading the height of the element forces a layout, so it is read only to decide whether the list is
    // still at its end. Otherwise the sizes of the list are enough, which are updated a moment later.
    const fromEnd = sizes.scrollSize - offset - sizes.viewportSize
    const end = latest && (sticky.current ? fromEndOf(element) : fromEnd) <= nearEnd
    if (end) sticky.current = true
    else if (scrolledUp) sticky.current = false
    else if (sticky.current) list.current?.scrollToIndex(Number.MAX_SAFE_INTEGER, { align: 'end' })
    setAtEnd(end || sticky.current)
    report()
    const top = rows[sizes.findItemIndex(offset)]
    setDay(top?.kind === 'message' ? dayStart(saidAt(top.message)) : undefined)
    if (offset < nearEdge) void loadOlder(conversation)
    if (!latest && fromEnd < nearEdge) void loadNewer(conversation)
  }
  const inputs = {
    onWheel: ({ deltaY }: WheelEvent) => deltaY < 0 && scrollIntent.input(),
    onTouchMove: () => scrollIntent.input(),
    onKeyDown: () => scrollIntent.input(),
    onPointerDown: () => scrollIntent.input(),
  }
  return { scroller, list, prepending, atEnd, day, onScroll, toEnd, inputs }
}
