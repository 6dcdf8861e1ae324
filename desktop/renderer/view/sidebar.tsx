/** The left column: the own profile, search, requests, conversations by their newest message, the nodes. */
import { FolderOpen, Search, Settings as SettingsIcon, UserPlus, UserRoundPlus, UsersRound } from 'lucide-react'
import { useMemo } from 'react'
import { openDialog, openView } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'
import { conversationList } from '../model/conversation-list.ts'
import { Face, IconButton } from './controls.tsx'
import { GroupRow } from './group-row.tsx'
import { PersonRow } from './person-row.tsx'
import { cleanLine } from '../../text/foreign.ts'

export function Sidebar() {
  const { sidebar } = useText()
  return (
    <nav className="sidebar" aria-label={sidebar.label}>
      <header className="sidebar-head">
        <Me />
        <IconButton label={sidebar.transfers} onClick={() => openView({ kind: 'transfers' })}>
          <FolderOpen size={20} />
        </IconButton>
        <IconButton label={sidebar.newGroup} onClick={() => openDialog({ kind: 'new-group' })}>
          <UsersRound size={20} />
        </IconButton>
        <IconButton label={sidebar.add} onClick={() => openDialog({ kind: 'add', tab: 'invite' })}>
          <UserPlus size={20} />
        </IconButton>
      </header>
      <button type="button" className="search-field" onClick={() => openDialog({ kind: 'search' })}>
        <Search size={16} aria-hidden="true" />
        <span className="one-line">{sidebar.search}</span>
        <kbd>{sidebar.searchKeys}</kbd>
      </button>
      <People />
      <Foot />
    </nav>
  )
}

function Me() {
  const { settings } = useText()
  const self = useApp((state) => state.self)
  if (self === undefined) return <span className="me" />
  const name = cleanLine(self.name, 48)
  return (
    <button
      type="button"
      className="me"
      data-tooltip={settings.profile}
      aria-description={settings.profile}
      style={{ '--size': '2.25rem' } as React.CSSProperties}
      onClick={() => openView({ kind: 'settings', tab: 'profile' })}
    >
      <Face name={name} peer={self.peer} />
      <bdi className="one-line">{name}</bdi>
    </button>
  )
}

function People() {
  const { sidebar } = useText()
  const friends = useApp((state) => state.friends)
  const groups = useApp((state) => state.groups)
  const last = useApp((state) => state.last)
  const requesting = useApp((state) => state.view.kind === 'requests')
  const incoming = useMemo(() => [...friends.values()].filter(({ state }) => state === 'incoming').length, [friends])
  const listed = useMemo(() => conversationList(friends.values(), groups.values(), last), [friends, groups, last])
  return (
    <ul className="people scroll">
      {incoming > 0 && (
        <li>
          <button
            type="button"
            className="person requests-row"
            aria-current={requesting}
            onClick={() => openView({ kind: 'requests' })}
          >
            <span className="avatar" aria-hidden="true">
              <UserRoundPlus size={20} />
            </span>
            <span className="name" style={{ gridRow: '1 / 3' }}>
              {sidebar.requests(incoming)}
            </span>
            <span className="badge" style={{ gridRow: '1 / 3' }} aria-hidden="true">
              {incoming}
            </span>
          </button>
        </li>
      )}
      {listed.map(({ id, friend, group }) => (
        <li key={id}>
          {friend === undefined ? (
            <GroupRow group={group} last={last.get(id)} />
          ) : (
            <PersonRow friend={friend} last={last.get(id)} />
          )}
        </li>
      ))}
    </ul>
  )
}

/** The state of the nodes, and the button of the settings. */
function Foot() {
  const { sidebar, settings } = useText()
  const nodes = useApp((state) => state.self?.nodes)
  const connected = nodes?.some(({ state }) => state === 'connected') ?? false
  const connecting = nodes?.some(({ state }) => state === 'connecting') ?? false
  const full = nodes?.some(({ fullUntil }) => fullUntil !== undefined) ?? false
  const refused = nodes?.some(({ problem }) => problem === 'not-admitted') ?? false
  const unreachable = refused ? settings.nodeNotAdmitted : full ? settings.nodeFullShort : sidebar.unreachable
  const status =
    nodes?.length === 0
      ? settings.nodeNone
      : connected || connecting
        ? settings.nodeStates[connected ? 'connected' : 'connecting']
        : unreachable
  return (
    <footer className="sidebar-foot">
      <span className="node-line">
        <span className={`dot ${connected ? 'good' : 'warn'}`} aria-hidden="true" />
        <span>{nodes === undefined ? '' : status}</span>
      </span>
      <IconButton label={sidebar.settings} onClick={() => openView({ kind: 'settings', tab: 'profile' })}>
        <SettingsIcon size={20} />
      </IconButton>
    </footer>
  )
}
