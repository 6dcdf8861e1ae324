/** The entry point of the page: waits for its message ports and renders the app. */
import '@fontsource-variable/inter/wght.css'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { loadStart, refresh } from './state/actions.ts'
import { receivePorts } from './state/clients.ts'
import { storeDrafts } from './state/drafts.ts'
import { onMainEvent, onPeerEvent } from './state/peer-events.ts'
import { markRead } from './state/reading.ts'
import { store } from './state/state.ts'
import './style/index.css'

receivePorts({
  onMain: (main) => {
    main.subscribe(onMainEvent)
    void loadStart()
  },
  onPeer: (peer) => {
    peer.subscribe(onPeerEvent)
    store.set({ process: 'running' })
    // The profile may have opened before this page subscribed to events.
    void peer.call('status').then(
      (status) => {
        store.set({ status })
        if (status.state === 'open') void refresh()
      },
      () => undefined,
    )
  },
})
window.addEventListener('focus', () => void markRead())
window.addEventListener('visibilitychange', storeDrafts)
// Without this, a file dropped outside the conversation would replace the page.
for (const kind of ['dragover', 'drop'] as const) window.addEventListener(kind, (event) => event.preventDefault())

const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<App />)
