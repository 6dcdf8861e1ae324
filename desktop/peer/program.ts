/**
 * The peer process: the library and the store, separate from the window. It serves the message ports that the main
 * process sends it, each with the access of its client (access.ts), and ends when the main process ends.
 */
import type { MessagePortMain } from 'electron'
import { logCrashes, openLog } from '#program-log'
import { errorToData } from '#protocol'
import { serve } from '../ipc/rpc.ts'
import { clientKinds, eventFor, handle } from './access.ts'
import type { ClientKind } from './access.ts'
import { readOptions } from './options.ts'
import { Profile } from './profile.ts'

const options = readOptions(process.argv.at(-1))
const { log } = openLog({
  folder: options.folder,
  file: 'peer',
  program: 'the peer of the window',
  env: process.env,
  complain: (sentence) => void process.stderr.write(`quorum: ${sentence}\n`),
})
logCrashes(process, log)
const profile = new Profile(options, log)

function open(port: MessagePortMain, client: ClientKind): void {
  const wire = {
    send: (frame: unknown) => port.postMessage(frame),
    receive: (listener: (frame: unknown) => void) => port.on('message', ({ data }) => listener(data)),
  }
  const send = serve(wire, {
    handle: (name, params) => handle(profile, client, name, params),
    describe: errorToData,
  })
  const unsubscribe = profile.subscribe((event) => send(eventFor(client, event)))
  port.on('close', unsubscribe)
  port.start()
  if (client === 'window') for (const warning of profile.takeEarlyWarnings()) send(eventFor(client, warning))
}

async function stop(): Promise<void> {
  await profile.stop()
  process.exit(0)
}

process.parentPort.on('message', ({ data, ports }) => {
  const [port] = ports
  const client = clientKinds.find((kind) => kind === data)
  if (port !== undefined && client !== undefined) open(port, client)
  if (data === 'stop') void stop()
})
void profile.open()
