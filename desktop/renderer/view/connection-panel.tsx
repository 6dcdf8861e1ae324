/**
 * The connection doctor of the details: how this friend is reached, since when, what was tried, and what would give a
 * better path.
 */
import { useEffect } from 'react'
import { limits } from '#limits'
import type { ConnectionInfo, Friend } from '#protocol'
import { cleanLine } from '../../text/foreign.ts'
import { connect, loadConnection } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'
import { delay, sinceWhen } from '../model/format.ts'
import { shortId } from '../model/friend-display.ts'

/** Milliseconds between two updates while the panel is open. */
const updateInterval = 5000

export function ConnectionPanel({ friend }: { friend: Friend }) {
  const { path } = useText()
  const info = useApp((state) => state.connections.get(friend.peer))
  const offline = useApp((state) => state.offlineSince !== undefined)
  useEffect(() => {
    void loadConnection(friend.peer)
    const timer = setInterval(() => void loadConnection(friend.peer), updateInterval)
    return () => clearInterval(timer)
  }, [friend.peer, friend.path])
  const kind = info?.path ?? friend.path
  return (
    <section aria-label={path.label}>
      <h3 style={{ display: 'flex', gap: '0.5rem', alignItems: 'center' }}>
        <span className={`dot ${kind === 'none' ? '' : 'good'}`} aria-hidden="true" />
        {path.label}
      </h3>
      <p>
        {kind === 'none'
          ? offline
            ? path.noNode
            : path.noneLong
          : kind === 'direct'
            ? path.directLong
            : path.relayedLong}
      </p>
      {info !== undefined && <Facts info={info} />}
      {info?.adviceCode !== undefined && (
        <div>
          <p className="quiet small">{path.help}</p>
          <p>{path.advice[info.adviceCode]}</p>
        </div>
      )}
      {info !== undefined && <Technical info={info} />}
      {kind === 'none' && (
        <button type="button" className="button" onClick={() => void connect(friend.peer)}>
          {path.again}
        </button>
      )}
    </section>
  )
}

function Facts({ info }: { info: ConnectionInfo }) {
  const text = useText()
  const { path } = text
  const { since, rttMs, via } = info
  if (since === undefined && rttMs === undefined && via === undefined) return null
  return (
    <dl className="facts">
      {since !== undefined && (
        <>
          <dt>{path.since}</dt>
          <dd>{sinceWhen(since, Date.now(), text)}</dd>
        </>
      )}
      {rttMs !== undefined && (
        <>
          <dt>{path.delay}</dt>
          <dd>{delay(rttMs, text)}</dd>
        </>
      )}
      {via !== undefined && (
        <>
          <dt>{path.node}</dt>
          <dd>
            <bdi className="mono short-id" dir="ltr">
              {shortId(via)}
            </bdi>
          </dd>
        </>
      )}
    </dl>
  )
}

function Technical({ info }: { info: ConnectionInfo }) {
  const { path } = useText()
  return (
    <details>
      <summary>{path.technical}</summary>
      <div style={{ display: 'grid', gap: '0.625rem' }}>
        {info.address !== undefined && (
          <p className="mono small selectable" dir="ltr">
            {cleanLine(info.address, limits.address)}
          </p>
        )}
        <p className="quiet small">{info.tried.length === 0 ? path.nothingTried : path.tried}</p>
        <ul className="pairs">
          {info.tried.map(({ kind, outcome }, index) => (
            // The list of one attempt is replaced as a whole.
            <li key={index}>
              <span>{path.kinds[kind]}</span>
              <span className="quiet">{path.outcomes[outcome]}</span>
            </li>
          ))}
        </ul>
      </div>
    </details>
  )
}
