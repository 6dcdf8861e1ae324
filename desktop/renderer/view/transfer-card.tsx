/** One transfer: names and sizes, progress with speed and time left, and the possible actions. */
import { File as FileSign, Files, Folder, TriangleAlert } from 'lucide-react'
import { maySendAgain } from '#missing-files'
import type { Transfer } from '#protocol'
import type { Catalogue } from '../../text/catalogue.ts'
import { cleanLine, isolate } from '../../text/foreign.ts'
import { acceptTransfer, changeTransfer, sendMissing } from '../state/actions.ts'
import { callMain } from '../state/clients.ts'
import { errorText, useApp, useText } from '../state/state.ts'
import { attempt } from '../state/toasts.ts'
import { duration, size, speed } from '../model/format.ts'
import { nameOf } from '../model/friend-display.ts'
import { isFolder, isSeveral, titleOf } from '../model/transfer-display.ts'
import { openContextMenu } from './context-menu.tsx'
import type { MenuItem } from './menu.tsx'
import { Pictures } from './pictures.tsx'

/** Files of a transfer that its card lists. */
const mostListed = 4

/** `named`: the name of the friend is shown above the card. */
export function TransferCard({ transfer, named = false }: { transfer: Transfer; named?: boolean }) {
  const text = useText()
  const { files, tag } = text
  const friend = useApp((state) => state.friends.get(transfer.peer))
  const { direction, state, name, count, bytes } = transfer
  const folder = isFolder(transfer)
  const offeredToMe = direction === 'in' && state === 'offered'
  const shown = transfer.files.slice(0, mostListed)
  const { program, launcher, disguised } = transfer.risks ?? {}
  const dangerous = program !== undefined || launcher !== undefined || disguised !== undefined
  return (
    <section
      className="transfer"
      aria-label={cleanLine(name)}
      onContextMenu={(event) => openContextMenu(event, actionsOf(transfer, text))}
    >
      {offeredToMe && !named && friend !== undefined && (
        <p className="quiet small">{files.offers(isolate(nameOf(friend)))}</p>
      )}
      <div className="transfer-head">
        {folder ? (
          <Folder aria-hidden="true" />
        ) : count > 1 ? (
          <Files aria-hidden="true" />
        ) : (
          <FileSign aria-hidden="true" />
        )}
        <bdi className="name one-line" title={cleanLine(name, 300)}>
          {titleOf(transfer, text)}
        </bdi>
        <span className="quiet small">
          {count > 1 ? `${files.count(count)}, ` : ''}
          {size(bytes, tag)}
        </span>
      </div>
      <Pictures transfer={transfer} />
      {count > 1 && (
        <ul>
          {shown.map(({ path, size: each }) => (
            <li key={path}>
              <bdi className="one-line">{cleanLine(withoutFolder(path, transfer), 200)}</bdi>
              <span>{size(each, tag)}</span>
            </li>
          ))}
          {count > shown.length && <li>{files.andMore(count - shown.length)}</li>}
        </ul>
      )}
      {dangerous && (
        <p className="notice warn small">
          <TriangleAlert size={16} aria-hidden="true" />
          <span>{files.risky}</span>
        </p>
      )}
      <Progress transfer={transfer} />
      <Missing transfer={transfer} />
      <Actions transfer={transfer} />
    </section>
  )
}

function Progress({ transfer }: { transfer: Transfer }) {
  const text = useText()
  const { files, path, tag } = text
  const { state, bytes, doneBytes, bytesPerSecond, etaSeconds, error, adviceCode } = transfer
  const moving = state === 'active' || state === 'waiting' || state === 'paused'
  const friend = useApp((state) => state.friends.get(transfer.peer))
  const line = statusOf(transfer, friend?.online !== true, text)
  const done = state === 'paused' ? files.progress(size(doneBytes, tag), size(bytes, tag)) : ''
  const rate = state === 'active' && bytesPerSecond > 0 ? speed(bytesPerSecond, text) : ''
  const left = state === 'active' && etaSeconds !== undefined ? files.left(duration(etaSeconds, text)) : ''
  return (
    <>
      {moving && (
        <progress
          max={Math.max(1, bytes)}
          value={doneBytes}
          aria-label={files.progress(size(doneBytes, tag), size(bytes, tag))}
        />
      )}
      {line !== '' && (
        <p className="line">
          <span className="one-line">{line}</span>
          <span>{[done, rate, left].filter((part) => part !== '').join(' · ')}</span>
        </p>
      )}
      {state === 'active' && adviceCode !== undefined && <p className="quiet small">{path.advice[adviceCode]}</p>}
      {error !== undefined && (
        <p className="wrong">{error.code === 'rate-limited' ? files.tooManyOffered : errorText(error)}</p>
      )}
    </>
  )
}

/** What does not arrive, by name and reason, and a way to send it again. */
function Missing({ transfer }: { transfer: Transfer }) {
  const { files } = useText()
  const { id, peer, direction, state, missing = [], missingCount = 0 } = transfer
  if (missingCount === 0 || state === 'declined' || state === 'cancelled' || state === 'failed') return null
  const shown = missing.slice(0, mostListed)
  return (
    <div className="notice warn small missing">
      <TriangleAlert size={16} aria-hidden="true" />
      <div>
        <p>{state === 'done' ? files.missing(missingCount) : files.cannotSend(missingCount)}</p>
        <ul>
          {shown.map(({ path, why }, index) => (
            <li key={`${index} ${path}`}>
              <bdi>{cleanLine(withoutFolder(path, transfer), 200)}</bdi> ({files.missingWhy[why]})
            </li>
          ))}
          {missingCount > shown.length && <li>{files.andMore(missingCount - shown.length)}</li>}
        </ul>
        {direction === 'in' && missing.some(maySendAgain) && <p>{files.askAgain}</p>}
        {direction === 'out' && missing.some(maySendAgain) && (
          <button type="button" className="button low" onClick={() => void sendMissing(id, peer)}>
            {files.sendMissing}
          </button>
        )}
      </div>
    </div>
  )
}

/** The state in a few words; empty where the buttons show it. */
function statusOf(transfer: Transfer, away: boolean, { files, tag }: Catalogue): string {
  const { state, direction, pausedBy, savedTo, doneBytes, bytes } = transfer
  if (state === 'offered' && direction === 'in') return ''
  if (state === 'offered' && away) return files.offeredAway
  if (state === 'active') return files.progress(size(doneBytes, tag), size(bytes, tag))
  if (state === 'paused' && pausedBy !== undefined) return files.pausedBy[pausedBy]
  if (state === 'done' && savedTo !== undefined) {
    return files[isSeveral(transfer) ? 'savedIn' : 'savedAs'](isolate(cleanLine(savedTo, 120)))
  }
  return files.states[state]
}

/** The buttons of a transfer, which are also its menu. */
function Actions({ transfer }: { transfer: Transfer }) {
  const actions = actionsOf(transfer, useText())
  if (actions.length === 0) return null
  return (
    <div className="buttons">
      {actions.map(({ label, onChoose, kind = '' }) => (
        <button key={label} type="button" className={`button low ${kind}`} onClick={onChoose}>
          {label}
        </button>
      ))}
    </div>
  )
}

function actionsOf(transfer: Transfer, { files }: Catalogue): (MenuItem & { kind?: string })[] {
  const { id, direction, state, pausedBy } = transfer
  const pausedHere = pausedBy === 'me' || pausedBy === 'both'
  const actions: (MenuItem & { kind?: string })[] = []
  const add = (label: string, onChoose: () => void, kind = ''): void => void actions.push({ label, onChoose, kind })
  if (state === 'offered' && direction === 'in') {
    add(files.accept, () => void acceptTransfer(id, false), 'main')
    add(files.saveAs, () => void acceptTransfer(id, true))
    add(files.decline, () => void changeTransfer('declineTransfer', id))
  }
  if (state === 'active' || state === 'waiting') add(files.pause, () => void changeTransfer('pauseTransfer', id))
  if ((state === 'paused' && pausedHere) || (state === 'failed' && resumable(transfer))) {
    add(files.resume, () => void changeTransfer('resumeTransfer', id), 'main')
  }
  if (['active', 'waiting', 'paused'].includes(state) || (state === 'offered' && direction === 'out')) {
    add(files.cancel, () => void changeTransfer('cancelTransfer', id), 'plain')
  }
  if (state === 'done' && direction === 'in') {
    add(files.open, () => void attempt(() => callMain('showTransfer', { transfer: id })))
  }
  return actions
}

function resumable({ error }: Transfer): boolean {
  return error?.code === 'disk-full' || error?.code === 'not-writable'
}

/** The path within the folder that was sent, whose name the card shows already. */
function withoutFolder(path: string, transfer: Transfer): string {
  return isFolder(transfer) ? path.slice(transfer.name.length + 1) : path
}
