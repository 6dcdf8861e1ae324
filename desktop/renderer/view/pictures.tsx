/**
 * Pictures among the files of a transfer, drawn in a box of a fixed size; a click shows one large. And those that wait
 * to be sent. The main process
 * decides by the bytes whether a file is a picture. If it refuses the file, a symbol is shown.
 */
import { ImageOff, Maximize2 } from 'lucide-react'
import { useState } from 'react'
import type { Transfer } from '#protocol'
import type { StagedFile } from '../../ipc/contract.ts'
import { cleanLine, isolate } from '../../text/foreign.ts'
import { openDialog } from '../state/actions.ts'
import { callMain } from '../state/clients.ts'
import { useApp, useText } from '../state/state.ts'
import { attempt } from '../state/toasts.ts'
import { openContextMenu } from './context-menu.tsx'
import { Modal } from './modal.tsx'

/** Pictures shown of one transfer. */
const mostPictures = 4
/** Names of files for which the main process is asked. */
const pictureNames = /\.(?:png|jpe?g|webp|gif)$/iu

interface PictureName {
  transfer: string
  /** Index of the file in the transfer. */
  file: number
  /** Foreign text. */
  name: string
}

/** A received transfer shows pictures only when it is complete. */
export function Pictures({ transfer }: { transfer: Transfer }) {
  const { direction, state } = transfer
  if (direction === 'in' && state !== 'done') return null
  const pictures = picturesOf(transfer)
  if (pictures.length === 0) return null
  return (
    <div className={`pictures ${pictures.length === 1 ? 'one' : ''}`}>
      {pictures.map((picture) => (
        <Thumbnail key={picture.file} {...picture} />
      ))}
    </div>
  )
}

function Thumbnail({ transfer, file, name }: PictureName) {
  const { files } = useText()
  const [failed, setFailed] = useState(false)
  const label = cleanLine(name, 120)
  const enlarge = (): void => openDialog({ kind: 'picture', transfer, file, name })
  if (failed) return <NoPicture />
  return (
    <button
      type="button"
      className="picture"
      data-tooltip={files.enlarge}
      aria-label={`${files.enlarge}: ${isolate(label)}`}
      onClick={enlarge}
      onContextMenu={(event) =>
        openContextMenu(event, [{ label: files.enlarge, onChoose: enlarge, icon: <Maximize2 size={16} /> }])
      }
    >
      <img src={addressOf(transfer, file)} alt={label} decoding="async" onError={() => setFailed(true)} />
    </button>
  )
}

export function PictureDialog({ transfer, file, name, onClose }: PictureName & { onClose: () => void }) {
  const { files } = useText()
  const [failed, setFailed] = useState(false)
  const received = useApp((state) => state.transfers.get(transfer)?.direction === 'in')
  const label = cleanLine(name, 120)
  const show = { label: files.open, onChoose: () => void attempt(() => callMain('showTransfer', { transfer })) }
  return (
    <Modal title={label} className="picture-dialog" onClose={onClose}>
      {failed ? (
        <NoPicture />
      ) : (
        <img
          src={addressOf(transfer, file)}
          alt={label}
          tabIndex={-1}
          data-first
          onError={() => setFailed(true)}
          onContextMenu={(event) => openContextMenu(event, received ? [show] : [])}
        />
      )}
    </Modal>
  )
}

/** A small picture of a file that waits to be sent; nothing if it is not a picture. */
export function StagedPicture({ file: { id, name } }: { file: StagedFile }) {
  const [failed, setFailed] = useState(false)
  if (failed || !pictureNames.test(name)) return null
  return <img src={`/picture/staged/${id}`} alt="" decoding="async" onError={() => setFailed(true)} />
}

function NoPicture() {
  const { files } = useText()
  return (
    <span className="picture none">
      <ImageOff size={28} strokeWidth={1.5} aria-hidden="true" />
      <span className="small">{files.noPicture}</span>
    </span>
  )
}

function picturesOf({ id, files }: Transfer): PictureName[] {
  const found: PictureName[] = []
  for (const [file, { path }] of files.entries()) {
    if (found.length === mostPictures) break
    if (pictureNames.test(path)) found.push({ transfer: id, file, name: path.slice(path.lastIndexOf('/') + 1) })
  }
  return found
}

function addressOf(transfer: string, file: number): string {
  return `/picture/${encodeURIComponent(transfer)}/${file}`
}
