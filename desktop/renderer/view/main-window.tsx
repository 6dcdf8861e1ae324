/** The main window: friends on the left, a view in the middle, details on the right. And its keyboard shortcuts. */
import { useEffect } from 'react'
import { addedAt } from '#message-times'
import { closeDetails, openConversation, openDialog, openView, toggleDetails } from '../state/actions.ts'
import { store, useApp } from '../state/state.ts'
import { inOrder } from '../model/friend-display.ts'
import { Banner } from './banner.tsx'
import { Conversation } from './conversation.tsx'
import { Details } from './details.tsx'
import { focusForTyping, useDetailsInFront } from './focus.ts'
import { NothingOpen } from './nothing-open.tsx'
import { Requests } from './requests.tsx'
import { Settings } from './settings.tsx'
import { Sidebar } from './sidebar.tsx'
import { Transfers } from './transfers.tsx'

export function MainWindow() {
  useShortcuts()
  const view = useApp((state) => state.view)
  const friend = useApp((state) => (state.open === undefined ? undefined : state.friends.get(state.open)))
  const details = useApp((state) => state.details)
  const conversing = view.kind === 'conversation' && friend !== undefined
  useDetailsInFront(conversing && details)
  return (
    <div className="window">
      <Banner />
      <Sidebar />
      <main className="centre">
        {view.kind === 'requests' && <Requests />}
        {view.kind === 'transfers' && <Transfers />}
        {view.kind === 'settings' && <Settings tab={view.tab} />}
        {view.kind === 'conversation' &&
          (friend === undefined ? <NothingOpen /> : <Conversation key={friend.peer} friend={friend} />)}
      </main>
      {conversing && details && <Details key={friend.peer} friend={friend} />}
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
    openDialog(open === undefined ? { kind: 'search' } : { kind: 'search', peer: open })
  },
  n: () => openDialog({ kind: 'add', tab: 'invite' }),
  ',': () => openView({ kind: 'settings', tab: 'profile' }),
  i: () => toggleDetails(),
  j: () => openView({ kind: 'transfers' }),
}
const moves: Readonly<Record<string, () => void>> = { ArrowDown: () => moveBy(1), ArrowUp: () => moveBy(-1) }

/** Opens the next or the previous conversation of the sidebar. */
function moveBy(step: number): void {
  const { friends, last, open } = store.get()
  const listed = inOrder(
    [...friends.values()].filter(({ state }) => state !== 'incoming'),
    (peer) => {
      const message = last.get(peer)
      return message === undefined ? 0 : addedAt(message)
    },
  )
  const at = listed.findIndex(({ peer }) => peer === open)
  const next = listed[at < 0 ? 0 : Math.min(listed.length - 1, Math.max(0, at + step))]
  if (next !== undefined) void openConversation(next.peer)
}

function leaveView(): void {
  const { view, details } = store.get()
  if (view.kind !== 'conversation') openView({ kind: 'conversation' })
  else if (details) closeDetails()
}
