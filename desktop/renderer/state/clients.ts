/**
 * The clients of the two processes behind the window. The preload script passes a message port for each of them; the
 * peer gets a new port whenever its process was started again. Calls of the peer made before that wait for the new
 * port.
 */
import type { Bridge, PeerCalls, PeerProcessEvent, MainCalls, MainEvent } from '../../ipc/contract.ts'
import { Client } from '../../ipc/rpc.ts'
import type { Call, Wire } from '../../ipc/rpc.ts'

type PeerClient = Client<PeerCalls, PeerProcessEvent>
type MainClient = Client<MainCalls, MainEvent>

declare global {
  interface Window {
    quorum: Bridge
  }
}

let peerClient: PeerClient | undefined
let nextPeer = Promise.withResolvers<PeerClient>()
let mainClient: MainClient | undefined

export interface PortListeners {
  /** The port of the main process has arrived. */
  onMain: (main: MainClient) => void
  /** The port of a peer process has arrived, the first or a new one. */
  onPeer: (peer: PeerClient) => void
}

/** Waits for the ports. Called once. */
export function receivePorts({ onMain, onPeer }: PortListeners): void {
  window.addEventListener('message', ({ source, data, ports }: MessageEvent<unknown>) => {
    const [port] = ports
    if (source !== window || port === undefined || typeof data !== 'object' || data === null) return
    const { quorum } = data as { quorum?: unknown }
    if (quorum === 'main') {
      mainClient = new Client(wireOf(port))
      onMain(mainClient)
    }
    if (quorum === 'peer') {
      peerEnded()
      peerClient = new Client(wireOf(port))
      nextPeer.resolve(peerClient)
      onPeer(peerClient)
    }
  })
}

/** The peer process has ended: its pending calls fail, and later calls wait for the next process. */
export function peerEnded(): void {
  if (peerClient === undefined) return
  peerClient.close()
  peerClient = undefined
  nextPeer = Promise.withResolvers()
}

/** Calls the peer. Errors: CallError. */
export const callPeer: Call<PeerCalls> = async (name, ...params) => (await nextPeer.promise).call(name, ...params)

/** Calls the main process. Errors: CallError. */
export const callMain: Call<MainCalls> = (name, ...params) => {
  if (mainClient === undefined) return Promise.reject(new Error('The port of the main process has not arrived'))
  return mainClient.call(name, ...params)
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
