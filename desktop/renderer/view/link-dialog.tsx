/**
 * Confirms that a link of a message is opened. Shows the address as the browser reads it: a host with look-alike
 * letters is shown in its xn-- form.
 */
import { TriangleAlert } from 'lucide-react'
import { useText } from '../state/state.ts'
import { Modal } from './modal.tsx'

interface LinkDialogProps {
  url: string
  onClose: () => void
  onCopy: () => void
  onOpen: () => void
}

export function LinkDialog({ url, onClose, onCopy, onOpen }: LinkDialogProps) {
  const { link, common } = useText()
  const { host } = new URL(url)
  const lookalike = /(?:^|\.)xn--/u.test(host)
  return (
    <Modal title={link.title} onClose={onClose}>
      <p>
        <strong className="mono" dir="ltr" style={{ fontSize: '1rem' }}>
          {host}
        </strong>
      </p>
      <p className="mono selectable scroll" dir="ltr" style={{ maxHeight: '8rem' }}>
        {url}
      </p>
      {lookalike && (
        <p className="notice warn">
          <TriangleAlert size={20} aria-hidden="true" />
          <span>{link.lookalike}</span>
        </p>
      )}
      <p className="quiet">{link.intro}</p>
      <div className="buttons end">
        <button type="button" className="button plain" onClick={onCopy}>
          {link.copy}
        </button>
        <button type="button" className="button" data-first onClick={onClose}>
          {common.cancel}
        </button>
        <button type="button" className="button main" onClick={onOpen}>
          {link.open}
        </button>
      </div>
    </Modal>
  )
}
