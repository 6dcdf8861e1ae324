/** Quorum itself: people on the left, what they said in the middle, a person's details on the right. And its keys. */
import { useEffect } from 'react'
import { ask, openConversation, show, toggleDetails } from '../state/actions.ts'
import { inOrder } from '../model/friend-display.ts'
import { store, useApp } from '../state/state.ts'
import { timeOf } from '../model/message-rows.ts'
import { Banner } from './banner.tsx'
import { Conversation } from './conversation.tsx'
import { Details } from './details.tsx'
import { NothingOpen } from './nothing-open.tsx'
import { Requests } from './requests.tsx'
import { Settings } from './settings.tsx'
import { Sidebar } from './sidebar.tsx'
import { Transfers } from './transfers.tsx'

export function MainWindow() {
  useKeys()
  const view = useApp((state) => state.view)
  const friend = useApp((state) => (state.open === undefined ? undefined : state.friends.get(state.open)))
  const details = useApp((state) => state.details)
  const talking = view.kind === 'conversation' && friend !== undefined
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
      {talking && details && <Details key={friend.peer} friend={friend} />}
    </div>
  )
}

/** Keys that work wherever the focus is; a dialog keeps them to itself. */
function useKeys(): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const command = event.ctrlKey || event.metaKey
      if (store.get().dialog !== undefined) return
      const key = event.key.toLowerCase()
      const does = command ? commands[key] : event.altKey ? walks[event.key] : undefined
      if (does === undefined) {
        if (event.key === 'Escape' && !event.defaultPrevented) leave()
        return
      }
      event.preventDefault()
      does()
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [])
}

const commands: Readonly<Record<string, () => void>> = {
  k: () => ask({ kind: 'search' }),
  f: () => {
    const { open } = store.get()
    ask(open === undefined ? { kind: 'search' } : { kind: 'search', peer: open })
  },
  n: () => ask({ kind: 'add', tab: 'invite' }),
  ',': () => show({ kind: 'settings', tab: 'profile' }),
  i: () => toggleDetails(),
  j: () => show({ kind: 'transfers' }),
}
const walks: Readonly<Record<string, () => void>> = { ArrowDown: () => walk(1), ArrowUp: () => walk(-1) }

/** To the next or previous conversation of the list. */
function walk(step: number): void {
  const { friends, last, open } = store.get()
  const listed = inOrder(
    [...friends.values()].filter(({ state }) => state !== 'incoming'),
    (peer) => {
      const message = last.get(peer)
      return message === undefined ? 0 : timeOf(message)
    },
  )
  const at = listed.findIndex(({ peer }) => peer === open)
  const next = listed[at < 0 ? 0 : Math.min(listed.length - 1, Math.max(0, at + step))]
  if (next !== undefined) void openConversation(next.peer)
}

function leave(): void {
  const { view, details } = store.get()
  if (view.kind !== 'conversation') show({ kind: 'conversation' })
  else if (details) store.set({ details: false })
}
