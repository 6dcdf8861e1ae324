/** The main window: the list on the left, a view in the middle, details on the right. And its keyboard shortcuts. */
import { useEffect } from 'react'
import { closeDetails, openConversation, openDialog, openView, toggleDetails } from '../state/actions.ts'
import { store, useApp } from '../state/state.ts'
import { conversationList } from '../model/conversation-list.ts'
import { Banner } from './banner.tsx'
import { Conversation } from './conversation.tsx'
import { Details } from './details.tsx'
import { focusForTyping, useDetailsInFront } from './focus.ts'
import { GroupConversation } from './group-conversation.tsx'
import { GroupDetails } from './group-details.tsx'
import { NothingOpen } from './nothing-open.tsx'
import { Requests } from './requests.tsx'
import { Settings } from './settings.tsx'
import { Sidebar } from './sidebar.tsx'
import { Transfers } from './transfers.tsx'

export function MainWindow() {
  useShortcuts()
  const view = useApp((state) => state.view)
  const friend = useApp((state) => (state.open === undefined ? undefined : state.friends.get(state.open)))
  const group = useApp((state) => (state.open === undefined ? undefined : state.groups.get(state.open)))
  const details = useApp((state) => state.details)
  const conversing = view.kind === 'conversation' && (friend ?? group) !== undefined
  useDetailsInFront(conversing && details)
  return (
    <div className="window">
      <Banner />
      <Sidebar />
      <main className="centre">
        {view.kind === 'requests' && <Requests />}
        {view.kind === 'transfers' && <Transfers />}
        {view.kind === 'settings' && <Settings tab={view.tab} />}
        {view.kind === 'conversation' && !conversing && <NothingOpen />}
        {conversing && friend !== undefined && <Conversation key={friend.peer} friend={friend} />}
        {conversing && group !== undefined && <GroupConversation key={group.group} group={group} />}
      </main>
      {conversing && details && friend !== undefined && <Details key={friend.peer} friend={friend} />}
      {conversing && details && group !== undefined && <GroupDetails key={group.group} group={group} />}
    </div>
  )
}

/** Shortcuts that work wherever the focus is, unless a dialog is open. */
function useShortcuts(): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const command = event.ctrlKey || event.metaKey
      if (store.get().dialog !== undefined) return
      const key = event.key.toLowerCase()
      const run = command ? commands[key] : event.altKey ? moves[event.key] : undefined
      if (run === undefined) {
        if (event.key === 'Escape' && !event.defaultPrevented) leaveView()
        else focusForTyping(event)
        return
      }
      event.preventDefault()
      run()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [])
}

const commands: Readonly<Record<string, () => void>> = {
  k: () => openDialog({ kind: 'search' }),
  f: () => {
    const { open } = store.get()
    openDialog(open === undefined ? { kind: 'search' } : { kind: 'search', conversation: open })
  },
  n: () => openDialog({ kind: 'add', tab: 'invite' }),
  g: () => openDialog({ kind: 'new-group' }),
  ',': () => openView({ kind: 'settings', tab: 'profile' }),
  i: () => toggleDetails(),
  j: () => openView({ kind: 'transfers' }),
}
const moves: Readonly<Record<string, () => void>> = { ArrowDown: () => moveBy(1), ArrowUp: () => moveBy(-1) }

/** Opens the next or the previous conversation of the sidebar. */
function moveBy(step: number): void {
  const { friends, groups, last, open } = store.get()
  const listed = conversationList(friends.values(), groups.values(), last)
  const at = listed.findIndex(({ id }) => id === open)
  const next = listed[at < 0 ? 0 : Math.min(listed.length - 1, Math.max(0, at + step))]
  if (next !== undefined) void openConversation(next.id)
}

function leaveView(): void {
  const { view, details } = store.get()
  if (view.kind !== 'conversation') openView({ kind: 'conversation' })
  else if (details) closeDetails()
}
