/**
 * The menu of a right click, of the menu key and of Shift F10 on something that has actions: messages, links, pictures,
 * files, friends, what a search found. Where one is within another, the menu has the actions of both, the inner ones
 * first. Over a modal dialog the menu is a part of it, as everything else is inert; Escape and a press outside close
 * the menu and leave the dialog. Text fields and other text have a menu of the system (main/text-menu.ts).
 */
import { useEffect, useRef } from 'react'
import { createPortal } from 'react-dom'
import type { MouseEvent } from 'react'
import { createStore, useStore } from '../state/store.ts'
import { useApp, useText } from '../state/state.ts'
import { MenuItems } from './menu.tsx'
import type { MenuItem } from './menu.tsx'

interface Opened {
  /** Undefined while no menu is open. */
  at: { event: Event; x: number; y: number; within: Element } | undefined
  items: readonly MenuItem[]
}

const closed: Opened = { at: undefined, items: [] }
const opened = createStore<Opened>(closed)

/** Opens a menu where the event happened. Without items, the event is left to what is around. */
export function openContextMenu(event: MouseEvent, items: readonly MenuItem[]): void {
  if (items.length === 0) return
  event.preventDefault()
  const { nativeEvent, clientX: x, clientY: y } = event
  const before = opened.get()
  const inner = before.at?.event === nativeEvent ? before.items : []
  const within = event.currentTarget.closest('dialog') ?? document.body
  opened.set({ at: { event: nativeEvent, x, y, within }, items: [...inner, ...items] })
}

export function ContextMenu() {
  const { common } = useText()
  const { at, items } = useStore(opened, (value) => value)
  const place = useRef<HTMLSpanElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  // A dialog that opens makes a menu under it inert, and what the menu of a dialog is about ends with that.
  const dialog = useApp((state) => state.dialog)
  useEffect(() => opened.set(closed), [dialog])
  useEffect(() => {
    const [element, source] = [panel.current, place.current]
    if (at === undefined || element === null || source === null) return undefined
    const before = document.activeElement
    element.showPopover({ source })
    element.querySelector('button')?.focus()
    const stop = closeOutside(element)
    return () => {
      stop()
      const inside = element.contains(document.activeElement) || document.activeElement === document.body
      if (inside && before instanceof HTMLElement) before.focus()
    }
  }, [at])
  if (at === undefined) return null
  return (
    <>
      <span ref={place} style={{ position: 'fixed', left: at.x, top: at.y }} />
      {createPortal(
        <MenuItems
          panel={panel}
          label={common.actions}
          items={items}
          onClose={() => opened.set(closed)}
          popover="manual"
        />,
        at.within,
      )}
    </>
  )
}

/**
 * Closes the menu with Escape, a press elsewhere, or when the window loses the focus. An `auto` popover does the same,
 * but also closes when the button that opened it is let go.
 */
function closeOutside(panel: HTMLElement): () => void {
  const ended = new AbortController()
  const options = { capture: true, signal: ended.signal }
  const close = (): void => opened.set(closed)
  const unlessInside = (event: Event): void => {
    const { target } = event
    if (target instanceof Node && panel.contains(target)) return
    // On the backdrop of a dialog it would also close that.
    if (target instanceof HTMLDialogElement) event.preventDefault()
    close()
  }
  document.addEventListener('pointerdown', unlessInside, options)
  document.addEventListener('wheel', unlessInside, options)
  window.addEventListener('blur', close, { signal: ended.signal })
  document.addEventListener(
    'keydown',
    (event) => {
      if (event.key === 'Tab') close()
      if (event.key !== 'Escape') return
      event.preventDefault()
      event.stopPropagation()
      close()
    },
    options,
  )
  return () => ended.abort()
}
