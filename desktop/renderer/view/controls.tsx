/** The small things that are the same everywhere: buttons with a sign, faces, fields, lines to copy. */
import { Check, Copy } from 'lucide-react'
import { useId, useState } from 'react'
import type { ButtonHTMLAttributes, ReactNode } from 'react'
import type { Friend } from '#protocol'
import { callShell } from '../state/clients.ts'
import { attempt } from '../state/actions.ts'
import { colourOf, initials, nameOf } from '../model/friend-display.ts'
import { useText } from '../state/state.ts'

/** Milliseconds for which a copied line says so. */
const saysCopied = 1800

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** What readers say, and what is shown on hover. */
  label: string
  children: ReactNode
}

export function IconButton({ label, children, className = '', ...rest }: IconButtonProps) {
  return (
    <button type="button" className={`icon-button ${className}`} aria-label={label} title={label} {...rest}>
      {children}
    </button>
  )
}

/** A person's face: letters on the person's colour. */
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

interface FieldProps {
  label: string
  hint?: string | undefined
  wrong?: string | undefined
  children: (ids: { id: string; describedBy: string; invalid: boolean }) => ReactNode
}

/** A labelled field with its hint, and what is wrong with what was typed. */
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

/** Something to give to somebody else: shown in one line, copied whole. */
export function CopyLine({ value, label }: { value: string; label: string }) {
  const { common } = useText()
  const [copied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    if (!(await attempt(() => callShell('copy', { text: value })))) return
    setCopied(true)
    setTimeout(() => setCopied(false), saysCopied)
  }
  return (
    <div className="copy-line">
      <span className="mono one-line selectable" dir="ltr" title={value}>
        {value}
      </span>
      <IconButton label={copied ? common.copied : label} onClick={() => void copy()}>
        {copied ? <Check size={18} /> : <Copy size={18} />}
      </IconButton>
    </div>
  )
}
