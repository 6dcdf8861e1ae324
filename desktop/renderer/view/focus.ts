/**
 * The keyboard focus is always somewhere: when the element that had it disappears, and when a page appears, it goes
 * where a person most likely continues. Letters that are typed where nothing takes them go to the message. Where the
 * details cover the conversation, nothing behind them has the focus: what is done there closes them.
 */
import { useEffect } from 'react'
import { closeDetails } from '../state/actions.ts'

/** Where the focus goes, the first that exists. Nothing that Enter would decide is among them. */
const homes = [
  'main.page input',
  '.composer textarea',
  'main [aria-current="true"]',
  '.person[aria-current="true"]',
  '.person',
  '.search-field',
]
const fields = 'input, textarea, select, [contenteditable]'

/** Moves the focus when it is lost. */
export function useFocusKept(): void {
  useEffect(() => {
    let last: Element | undefined
    const remember = ({ target }: FocusEvent): void => {
      if (target instanceof Element) last = target
    }
    const keep = (): void => {
      // A press on nothing takes the focus away on purpose: then the element that had it is still there.
      if (document.activeElement === document.body && last?.isConnected !== true) home()?.focus()
    }
    const observer = new MutationObserver(keep)
    observer.observe(document.body, { childList: true, subtree: true })
    document.addEventListener('focusin', remember)
    return () => {
      observer.disconnect()
      document.removeEventListener('focusin', remember)
    }
  }, [])
}

/** A key that writes, or the one that pastes, was pressed outside of fields: it writes into the message. */
export function focusForTyping(event: KeyboardEvent): void {
  const { target } = event
  const taken = target instanceof Element && target.closest(`${fields}, dialog, [popover]`) !== null
  if (taken || !(isWriting(event) || isPasting(event))) return
  if (cover() !== null) closeDetails()
  composer()?.focus()
}

export function focusComposer(): void {
  const target = cover() ?? composer()
  target?.focus()
}

/** The focus of the details, which are `shown`. */
export function useDetailsInFront(shown: boolean): void {
  useEffect(() => {
    if (!shown) return undefined
    cover()?.focus()
    const press = ({ target }: PointerEvent): void => {
      if (cover() !== null && target instanceof Element && target.closest('main') !== null) closeDetails()
    }
    document.addEventListener('pointerdown', press)
    return () => document.removeEventListener('pointerdown', press)
  }, [shown])
}

/** The details, where they cover the conversation. */
function cover(): HTMLElement | null {
  const details = document.querySelector<HTMLElement>('.details')
  return details !== null && getComputedStyle(details).position === 'absolute' ? details : null
}

function home(): HTMLElement | undefined {
  const dialog = document.querySelector<HTMLElement>('dialog[open]')
  if (dialog !== null) return dialog.querySelector<HTMLElement>('[data-first]') ?? dialog
  const covering = cover()
  if (covering !== null) return covering
  for (const selector of homes) {
    const found = document.querySelector<HTMLElement>(selector)
    if (found !== null) return found
  }
  return undefined
}

function composer(): HTMLElement | null {
  return document.querySelector<HTMLElement>('.composer textarea')
}

/** Not the space bar, which presses buttons and scrolls. */
function isWriting(event: KeyboardEvent): boolean {
  const { key, ctrlKey, metaKey, altKey } = event
  const command = (ctrlKey || metaKey || altKey) && !event.getModifierState('AltGraph')
  return !command && ((key.length === 1 && key !== ' ') || key === 'Dead' || key === 'Process')
}

function isPasting({ key, ctrlKey, metaKey }: KeyboardEvent): boolean {
  return (ctrlKey || metaKey) && key.toLowerCase() === 'v'
}
