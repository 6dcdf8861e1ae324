/**
 * The tooltip of every element with `data-tooltip`, shown while the pointer or the keyboard focus is on it. A `title`
 * would be shown to the pointer only. The text must also be in the element's accessible name or description.
 */
import { useEffect, useRef, useState } from 'react'

/** Milliseconds on the element before its tooltip is shown. */
const delay = 600

export function Tooltip() {
  const source = useTooltipSource()
  const popover = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (source?.isConnected === true) popover.current?.showPopover({ source })
  }, [source])
  if (source === undefined) return null
  return (
    // Not an `auto` popover: it would close menus, and Escape would close it instead of the dialog under it.
    <div ref={popover} popover="manual" className="panel tooltip" role="tooltip">
      {source.dataset['tooltip']}
    </div>
  )
}

/** The label on the element is the text of its tooltip, in full: where there is room, tabs show theirs. */
function showsItsText(element: HTMLElement): boolean {
  return [...element.children].some(
    ({ textContent, clientWidth, scrollWidth }) =>
      textContent === element.dataset['tooltip'] && clientWidth > 1 && scrollWidth <= clientWidth,
  )
}

/**
 * The element whose tooltip is shown. A press or a key hides it until the pointer or the focus has left the element.
 */
function useTooltipSource(): HTMLElement | undefined {
  const [source, setSource] = useState<HTMLElement>()
  useEffect(() => {
    let current: HTMLElement | undefined
    let timer = 0
    const hide = (): void => {
      clearTimeout(timer)
      setSource(undefined)
    }
    const enter = ({ type, target }: Event): void => {
      if (type === 'focusin' && !(target instanceof Element && target.matches(':focus-visible'))) return
      const found = target instanceof Element ? target.closest<HTMLElement>('[data-tooltip]') : null
      if (current === (found ?? undefined)) return
      current = found ?? undefined
      hide()
      if (current !== undefined && !showsItsText(current)) timer = window.setTimeout(setSource, delay, current)
    }
    const leave = (): void => {
      current = undefined
      hide()
    }
    const listeners = {
      pointerover: enter,
      focusin: enter,
      focusout: leave,
      pointerdown: hide,
      keydown: hide,
      scroll: hide,
    }
    for (const [event, listener] of Object.entries(listeners)) document.addEventListener(event, listener, true)
    document.documentElement.addEventListener('pointerleave', leave)
    return () => {
      clearTimeout(timer)
      for (const [event, listener] of Object.entries(listeners)) document.removeEventListener(event, listener, true)
      document.documentElement.removeEventListener('pointerleave', leave)
    }
  }, [])
  return source
}
