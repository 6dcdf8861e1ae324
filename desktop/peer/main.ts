/**
 * The peer's process: the library and the store, away from the window. It serves message ports that the shell sends it,
 * each as the door that it is for, and ends when the shell does.
 */
import type { MessagePortMain } from 'electron'
import { logCrashes, openLog } from '#program-log'
import { errorToData } from '#protocol'
import { serve } from '../ipc/rpc.ts'
import { doors, handle, newsFor } from './access.ts'
import type { Door } from './access.ts'
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

function open(port: MessagePortMain, door: Door): void {
  const wire = {
    send: (frame: unknown) => port.postMessage(frame),
    receive: (listener: (frame: unknown) => void) => port.on('message', ({ data }) => listener(data)),
  }
  const tell = serve(wire, {
    handle: (name, params) => handle(profile, door, name, params),
    describe: errorToData,
  })
  const ignore = profile.subscribe((news) => tell(newsFor(door, news)))
  port.on('close', ignore)
  port.start()
  if (door === 'window') for (const news of profile.takeUnheard()) tell(newsFor(door, news))
}

async function stop(): Promise<void> {
  await profile.stop()
  process.exit(0)
}

process.parentPort.on('message', ({ data, ports }) => {
  const [port] = ports
  const door = doors.find((one) => one === data)
  if (port !== undefined && door !== undefined) open(port, door)
  if (data === 'stop') void stop()
})
void profile.open()
