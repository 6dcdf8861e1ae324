/** All transfers, the newest first; and the latest transfers with one friend, for the details. */
import { FolderOpen } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { Transfer } from '#protocol'
import { openView } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'
import { size } from '../model/format.ts'
import { nameOf } from '../model/friend-display.ts'
import { titleOf } from '../model/transfer-display.ts'
import { TransferCard } from './transfer-card.tsx'
import { ViewBar } from './view-bar.tsx'

/** Transfers that the details of a friend list. */
const shortList = 5
/** Transfers that the list shows at first, and more with each click. */
const pageLength = 50

export function Transfers() {
  const { files } = useText()
  const transfers = useApp((state) => state.transfers)
  const friends = useApp((state) => state.friends)
  const all = useMemo(() => newestFirst(transfers.values()), [transfers])
  const [pages, setPages] = useState(1)
  const shown = all.slice(0, pages * pageLength)
  return (
    <>
      <ViewBar title={files.title} />
      {all.length === 0 ? (
        <div className="empty">
          <FolderOpen size={40} strokeWidth={1.5} aria-hidden="true" />
          <h2>{files.empty}</h2>
          <p>{files.emptyHint}</p>
        </div>
      ) : (
        <ul className="transfer-list scroll">
          {shown.map((transfer) => {
            const friend = friends.get(transfer.peer)
            return (
              <li key={transfer.id}>
                {friend !== undefined && (
                  <p className="quiet small">
                    <bdi>{nameOf(friend)}</bdi>
                  </p>
                )}
                <TransferCard transfer={transfer} named />
              </li>
            )
          })}
          {shown.length < all.length && (
            <li>
              <button type="button" className="button low" onClick={() => setPages(pages + 1)}>
                {files.showMore(all.length - shown.length)}
              </button>
            </li>
          )}
        </ul>
      )}
    </>
  )
}

export function SharedFiles({ peer }: { peer: string }) {
  const text = useText()
  const { details, tag } = text
  const transfers = useApp((state) => state.transfers)
  const all = useMemo(
    () => newestFirst([...transfers.values()].filter((transfer) => transfer.peer === peer)),
    [transfers, peer],
  )
  return (
    <section>
      <h3>{details.files}</h3>
      {all.length === 0 ? (
        <p className="quiet small">{details.noFiles}</p>
      ) : (
        <ul className="pairs">
          {all.slice(0, shortList).map((transfer) => (
            <li key={transfer.id}>
              <bdi className="one-line">{titleOf(transfer, text, 120)}</bdi>
              <span className="quiet" style={{ whiteSpace: 'nowrap' }}>
                {size(transfer.bytes, tag)}
              </span>
            </li>
          ))}
        </ul>
      )}
      {all.length > shortList && (
        <button type="button" className="link-button" onClick={() => openView({ kind: 'transfers' })}>
          {details.allFiles}
        </button>
      )}
    </section>
  )
}

function newestFirst(transfers: Iterable<Transfer>): Transfer[] {
  return [...transfers].toSorted((a, b) => b.offeredAt - a.offeredAt)
}
