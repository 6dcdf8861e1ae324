/** A modal dialog: the page behind it is inert, and Escape or a click outside closes it. */
import { X } from 'lucide-react'
import { useEffect, useId, useRef } from 'react'
import type { ReactNode } from 'react'
import { useText } from '../state/state.ts'
import { createStore, useStore } from '../state/store.ts'
import { IconButton } from './controls.tsx'

const shown = createStore<{ dialogs: readonly HTMLDialogElement[] }>({ dialogs: [] })

/** The dialog above all others. What is outside it lies below it, and cannot be used. */
export function useTopDialog(): HTMLDialogElement | undefined {
  return useStore(shown, ({ dialogs }) => dialogs.at(-1))
}

interface ModalProps {
  title: string
  onClose: () => void
  className?: string
  /** Without the heading and the close button: the content has its own. */
  bare?: boolean
  children: ReactNode
}

export function Modal({ title, onClose, className = '', bare = false, children }: ModalProps) {
  const { common } = useText()
  const element = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = element.current
    if (dialog === null) return undefined
    const before = document.activeElement
    dialog.showModal()
    shown.set(({ dialogs }) => ({ dialogs: [...dialogs, dialog] }))
    // Otherwise the browser focuses the first button, which closes the dialog.
    const first = dialog.querySelector('[data-first]') ?? dialog
    if (first instanceof HTMLElement) first.focus()
    return () => {
      shown.set(({ dialogs }) => ({ dialogs: dialogs.filter((one) => one !== dialog) }))
      dialog.close()
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={element}
      tabIndex={-1}
      className={className}
      aria-labelledby={bare ? undefined : id}
      aria-label={bare ? title : undefined}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onMouseDown={(event) => {
        if (event.target === element.current) onClose()
      }}
    >
      {bare ? (
        children
      ) : (
        <div className="dialog scroll">
          <div className="dialog-head">
            <h2 id={id}>{title}</h2>
            <IconButton label={common.close} onClick={onClose}>
              <X size={20} />
            </IconButton>
          </div>
          {children}
        </div>
      )}
    </dialog>
  )
}

interface ConfirmProps {
  title: string
  intro: string
  action: string
  bad?: boolean
  disabled?: boolean
  onClose: () => void
  onConfirm: () => void
  children?: ReactNode
}

/** A question with two answers. The harmless one has the focus. */
export function Confirm({
  title,
  intro,
  action,
  bad = false,
  disabled = false,
  onClose,
  onConfirm,
  children,
}: ConfirmProps) {
  const { common } = useText()
  return (
    <Modal title={title} onClose={onClose}>
      <p className="quiet">{intro}</p>
      {children}
      <div className="buttons end">
        <button type="button" className="button" onClick={onClose} data-first={children === undefined || undefined}>
          {common.cancel}
        </button>
        <button type="button" className={`button ${bad ? 'bad' : 'main'}`} disabled={disabled} onClick={onConfirm}>
          {action}
        </button>
      </div>
    </Modal>
  )
}
