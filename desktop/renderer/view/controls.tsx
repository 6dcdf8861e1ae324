/** Small parts that all views share: icon buttons, avatars, form fields, values to copy. */
import { Check, Copy } from 'lucide-react'
import { useId, useState } from 'react'
import type { ButtonHTMLAttributes, ReactNode } from 'react'
import type { Friend, Group } from '#protocol'
import { callMain } from '../state/clients.ts'
import { useText } from '../state/state.ts'
import { attempt } from '../state/toasts.ts'
import { colourOf, initials, nameOf } from '../model/friend-display.ts'
import { groupName } from '../model/group-display.ts'

/** Milliseconds for which the button confirms that the value was copied. */
const confirmedFor = 1800

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** The accessible name, and the tooltip. */
  label: string
  children: ReactNode
}

export function IconButton({ label, children, className = '', ...rest }: IconButtonProps) {
  return (
    <button type="button" className={`icon-button ${className}`} aria-label={label} data-tooltip={label} {...rest}>
      {children}
    </button>
  )
}

/** The initials of a friend on the friend's colour. */
export function Avatar({ friend, presence = false }: { friend: Friend; presence?: boolean }) {
  return <Face name={nameOf(friend)} peer={friend.peer} online={presence && friend.online} />
}

export function Face({ name, peer, online = false }: { name: string; peer: string; online?: boolean }) {
  return (
    <span className={`avatar hue-${colourOf(peer)}`} aria-hidden="true">
      {initials(name)}
      {online && <span className="presence" />}
    </span>
  )
}

/** The initials of a group, on a square: people are round. */
export function GroupFace({ group }: { group: Pick<Group, 'group' | 'name'> }) {
  return (
    <span className={`avatar square hue-${colourOf(group.group)}`} aria-hidden="true">
      {initials(groupName(group))}
    </span>
  )
}

interface FieldProps {
  label: string
  hint?: string | undefined
  wrong?: string | undefined
  children: (ids: { id: string; describedBy: string; invalid: boolean }) => ReactNode
}

/** A form field with a label, and a hint or an error. */
export function Field({ label, hint, wrong, children }: FieldProps) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, describedBy: `${id}-more`, invalid: wrong !== undefined })}
      <p
        id={`${id}-more`}
        className={wrong === undefined ? 'hint' : 'wrong'}
        role={wrong === undefined ? undefined : 'alert'}
      >
        {wrong ?? hint}
      </p>
    </div>
  )
}

/** A value to pass on: shown in one line, copied as a whole. `wide`: by a button of its own, which says so in words. */
export function CopyLine({ value, label, wide = false }: { value: string; label: string; wide?: boolean }) {
  const { common } = useText()
  const [copied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    if (!(await attempt(() => callMain('copy', { text: value })))) return
    setCopied(true)
    setTimeout(() => setCopied(false), confirmedFor)
  }
  const shown = (
    <span className="mono one-line selectable" dir="ltr" title={value}>
      {value}
    </span>
  )
  if (wide) {
    return (
      <>
        <div className="copy-line">{shown}</div>
        <button type="button" className="button wide" disabled={value === ''} onClick={() => void copy()}>
          {copied ? <Check size={18} /> : <Copy size={18} />}
          {copied ? common.copied : label}
        </button>
      </>
    )
  }
  return (
    <div className="copy-line">
      {shown}
      <IconButton label={copied ? common.copied : label} onClick={() => void copy()}>
        {copied ? <Check size={18} /> : <Copy size={18} />}
      </IconButton>
    </div>
  )
}
