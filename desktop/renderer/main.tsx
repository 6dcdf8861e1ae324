/** Where the page begins: waits for its ports, then draws. */
import '@fontsource-variable/inter/wght.css'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { heardFromPeer, heardFromShell } from './state/peer-events.ts'
import { begin, readOpen, refresh } from './state/actions.ts'
import { receivePorts } from './state/clients.ts'
import { store } from './state/state.ts'
import './style/index.css'

receivePorts({
  onShell: (shell) => {
    shell.subscribe(heardFromShell)
    void begin()
  },
  onPeer: (peer) => {
    peer.subscribe(heardFromPeer)
    store.set({ process: 'running' })
    // It may have opened before anybody listened.
    void peer.call('status').then(
      (status) => {
        store.set({ status })
        if (status.state === 'open') void refresh()
      },
      () => undefined,
    )
  },
})
window.addEventListener('focus', () => void readOpen())
// A file dropped beside the place for it must not take the page away.
for (const kind of ['dragover', 'drop'] as const) window.addEventListener(kind, (event) => event.preventDefault())

const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<App />)
