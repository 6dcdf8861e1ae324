/**
 * A list of actions, and the button that opens one. Arrow keys and first letters move the focus; Escape and a click
 * elsewhere close it.
 */
import { useEffect, useRef, useState } from 'react'
import type { KeyboardEvent, ReactNode, RefObject } from 'react'
import { IconButton } from './controls.tsx'

export interface MenuItem {
  label: string
  icon?: ReactNode
  onChoose: () => void
}

interface MenuProps {
  label: string
  icon: ReactNode
  items: readonly MenuItem[]
}

export function Menu({ label, icon, items }: MenuProps) {
  const { open, close, toggle, anchor, panel } = usePanel()
  return (
    <>
      <span ref={anchor}>
        <IconButton label={label} aria-haspopup="menu" aria-expanded={open} onClick={toggle}>
          {icon}
        </IconButton>
      </span>
      {open && <MenuItems panel={panel} label={label} items={items} onClose={close} />}
    </>
  )
}

interface MenuItemsProps {
  panel: RefObject<HTMLDivElement | null>
  label: string
  items: readonly MenuItem[]
  onClose: () => void
  /** `manual`: its owner closes it as well, not only a choice. */
  popover?: 'auto' | 'manual'
}

/** The list itself, a popover that its owner shows. */
export function MenuItems({ panel, label, items, onClose, popover = 'auto' }: MenuItemsProps) {
  const onKeyDown = (event: KeyboardEvent): void => {
    const buttons = [...(panel.current?.querySelectorAll('button') ?? [])]
    const index = buttons.findIndex((button) => button === document.activeElement)
    const moves: Readonly<Record<string, number>> = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: -1 }
    const next = moves[event.key] ?? itemAfter(index, event.key, items)
    if (next === undefined) return
    event.preventDefault()
    buttons.at(next % buttons.length)?.focus()
  }
  return (
    <div
      ref={panel}
      popover={popover}
      className="panel menu"
      role="menu"
      tabIndex={-1}
      aria-label={label}
      onKeyDown={onKeyDown}
    >
      {items.map((item) => (
        <button
          key={item.label}
          type="button"
          role="menuitem"
          onClick={() => {
            onClose()
            item.onChoose()
          }}
        >
          {item.icon}
          {item.label}
        </button>
      ))}
    </div>
  )
}

/** A popover beside its button. The style sheet places it (`.panel`): below or above, on the side that has room. */
export function usePanel() {
  const [open, setOpen] = useState(false)
  const anchor = useRef<HTMLSpanElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = panel.current
    const button = anchor.current?.querySelector('button')
    if (!open || element === null || button === null || button === undefined) return undefined
    element.showPopover({ source: button })
    element.querySelector('button')?.focus()
    const onToggle = (event: ToggleEvent): void => {
      if (event.newState === 'closed') setOpen(false)
    }
    element.addEventListener('toggle', onToggle)
    return () => {
      element.removeEventListener('toggle', onToggle)
      const inside = element.contains(document.activeElement) || document.activeElement === document.body
      if (inside) button.focus()
    }
  }, [open])
  return { open, close: () => setOpen(false), toggle: () => setOpen((before) => !before), anchor, panel }
}

/** The index of the next item after `index` whose label starts with `key`, as menus of the system find it. */
function itemAfter(index: number, key: string, items: readonly MenuItem[]): number | undefined {
  const order = items.map((_item, step) => (index + 1 + step) % items.length)
  return key.length === 1
    ? order.find((one) => items[one]?.label.toLocaleLowerCase().startsWith(key.toLocaleLowerCase()))
    : undefined
}
