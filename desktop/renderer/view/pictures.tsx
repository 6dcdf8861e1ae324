/**
 * Pictures among files that are here, drawn in a place whose size is known before they are: a click shows one large. The
 * shell decides by the bytes what is a picture; where it says no there is a sign.
 */
import { ImageOff } from 'lucide-react'
import { useState } from 'react'
import type { Transfer } from '#protocol'
import { cleanLine, isolate } from '../../text/foreign.ts'
import { ask } from '../state/actions.ts'
import { useText } from '../state/state.ts'
import { Modal } from './modal.tsx'

/** Of one transfer, so many. */
const most = 4
/** Names worth asking about. */
const promising = /\.(?:png|jpe?g|webp|gif)$/iu

interface PictureName {
  transfer: string
  /** Its number in the transfer. */
  file: number
  /** Foreign text. */
  name: string
}

/** Nothing is drawn of what has only been offered, or is not all there. */
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
  const said = cleanLine(name, 120)
  if (failed) return <NoPicture />
  return (
    <button
      type="button"
      className="picture"
      title={files.enlarge}
      aria-label={`${files.enlarge}: ${isolate(said)}`}
      onClick={() => ask({ kind: 'picture', transfer, file, name })}
    >
      <img src={addressOf(transfer, file)} alt={said} decoding="async" onError={() => setFailed(true)} />
    </button>
  )
}

export function PictureDialog({ transfer, file, name, onClose }: PictureName & { onClose: () => void }) {
  const [failed, setFailed] = useState(false)
  const said = cleanLine(name, 120)
  return (
    <Modal title={said} className="picture-dialog" onClose={onClose}>
      {failed ? <NoPicture /> : <img src={addressOf(transfer, file)} alt={said} onError={() => setFailed(true)} />}
    </Modal>
  )
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
    if (found.length === most) break
    if (promising.test(path)) found.push({ transfer: id, file, name: path.slice(path.lastIndexOf('/') + 1) })
  }
  return found
}

function addressOf(transfer: string, file: number): string {
  return `/picture/${encodeURIComponent(transfer)}/${file}`
}
