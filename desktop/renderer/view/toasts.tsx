/** Short notices at the bottom of the window, above every dialog, which screen readers announce. */
import { createPortal } from 'react-dom'
import { useApp } from '../state/state.ts'
import { useTopDialog } from './modal.tsx'

export function Toasts() {
  const toasts = useApp((state) => state.toasts)
  const within = useTopDialog()
  return createPortal(
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map(({ id, text, tone, action }) => (
        <p key={id} className={`toast ${tone}`}>
          {text}
          {action !== undefined && (
            <button type="button" onClick={action.run}>
              {action.label}
            </button>
          )}
        </p>
      ))}
    </div>,
    within ?? document.body,
  )
}
