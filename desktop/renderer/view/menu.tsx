/** A button that opens a list of things to do: arrows walk, Escape and a click elsewhere close it. */
import { useEffect, useRef, useState } from 'react'
import type { KeyboardEvent, ReactNode } from 'react'
import { IconButton } from './controls.tsx'

interface MenuItem {
  label: string
  icon: ReactNode
  onChoose: () => void
}

interface MenuProps {
  label: string
  icon: ReactNode
  items: readonly MenuItem[]
}

export function Menu({ label, icon, items }: MenuProps) {
  const { open, close, toggle, anchor, panel } = usePanel()
  const walk = (event: KeyboardEvent): void => {
    const buttons = [...(panel.current?.querySelectorAll('button') ?? [])]
    const at = buttons.findIndex((button) => button === document.activeElement)
    const steps: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }
    const next = steps[event.key]
    if (next === undefined) return
    event.preventDefault()
    buttons.at(next % buttons.length)?.focus()
  }
  return (
    <>
      <span ref={anchor}>
        <IconButton label={label} aria-haspopup="menu" aria-expanded={open} onClick={toggle}>
          {icon}
        </IconButton>
      </span>
      {open && (
        <div ref={panel} popover="auto" className="menu" role="menu" tabIndex={-1} aria-label={label} onKeyDown={walk}>
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              onClick={() => {
                close()
                item.onChoose()
              }}
            >
              {item.icon}
              {item.label}
            </button>
          ))}
        </div>
      )}
    </>
  )
}

/** A panel beside its button, in the top layer, wherever there is room. */
export function usePanel() {
  const [open, setOpen] = useState(false)
  const anchor = useRef<HTMLSpanElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = panel.current
    if (!open || element === null) return undefined
    const button = anchor.current
    element.showPopover()
    place(element, button)
    element.querySelector('button')?.focus()
    const closed = (event: ToggleEvent): void => {
      if (event.newState === 'closed') setOpen(false)
    }
    element.addEventListener('toggle', closed)
    return () => {
      element.removeEventListener('toggle', closed)
      const inside = element.contains(document.activeElement) || document.activeElement === document.body
      if (inside) button?.querySelector('button')?.focus()
    }
  }, [open])
  return { open, close: () => setOpen(false), toggle: () => setOpen((before) => !before), anchor, panel }
}

/** Above or below, aligned with the nearer side of the window. */
function place(panel: HTMLElement, button: HTMLElement | null): void {
  const at = (button?.firstElementChild ?? button)?.getBoundingClientRect()
  if (at === undefined) return
  const { width, height } = panel.getBoundingClientRect()
  const below = at.bottom + height + 8 < innerHeight
  const left = at.left + width + 8 < innerWidth ? at.left : at.right - width
  panel.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - height - 4)}px`
  panel.style.left = `${Math.max(8, left)}px`
}
