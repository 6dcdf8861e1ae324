/**
 * The two processes behind the window, as clients. The preload passes their ports as they come; the peer's comes anew
 * whenever its process was started anew. What is asked of the peer meanwhile waits.
 */
import type { Bridge, PeerCalls, PeerProcessEvent, MainCalls, MainEvent } from '../../ipc/contract.ts'
import { Client } from '../../ipc/rpc.ts'
import type { Call, Wire } from '../../ipc/rpc.ts'

type PeerClient = Client<PeerCalls, PeerProcessEvent>
type ShellClient = Client<MainCalls, MainEvent>

declare global {
  interface Window {
    quorum: Bridge
  }
}

let peerClient: PeerClient | undefined
let waiting = Promise.withResolvers<PeerClient>()
let shellClient: ShellClient | undefined

export interface Connected {
  /** The shell answers: the window begins. */
  onShell: (shell: ShellClient) => void
  /** A peer process answers, the first or a new one. */
  onPeer: (peer: PeerClient) => void
}

/** Waits for the ports. Called once. */
export function receivePorts({ onShell, onPeer }: Connected): void {
  window.addEventListener('message', ({ source, data, ports }: MessageEvent<unknown>) => {
    const [port] = ports
    if (source !== window || port === undefined || typeof data !== 'object' || data === null) return
    const { quorum } = data as { quorum?: unknown }
    if (quorum === 'main') {
      shellClient = new Client(wireOf(port))
      onShell(shellClient)
    }
    if (quorum === 'peer') {
      peerEnded()
      peerClient = new Client(wireOf(port))
      waiting.resolve(peerClient)
      onPeer(peerClient)
    }
  })
}

/** The peer's process is gone: what it was asked fails, and what is asked from now on waits for the next. */
export function peerEnded(): void {
  if (peerClient === undefined) return
  peerClient.close()
  peerClient = undefined
  waiting = Promise.withResolvers()
}

/** A call of the peer. Errors: CallError. */
export const callPeer: Call<PeerCalls> = async (name, ...params) => (await waiting.promise).call(name, ...params)

/** A call of the shell. Errors: CallError. */
export const callShell: Call<MainCalls> = (name, ...params) => {
  if (shellClient === undefined) return Promise.reject(new Error('The window has no shell yet'))
  return shellClient.call(name, ...params)
}

function wireOf(port: MessagePort): Wire {
  return {
    send: (frame) => port.postMessage(frame),
    receive: (listener) => {
      port.addEventListener('message', ({ data }: MessageEvent<unknown>) => listener(data))
      port.start()
    },
  }
}
