/**
 * The peer's process: the library and the store, away from the window. It serves message ports that the shell sends it,
 * each as the door that it is for, and ends when the shell does.
 */
import type { MessagePortMain } from 'electron'
import { errorToData } from '#protocol'
import { serve } from '../ipc/rpc.ts'
import { doors, handle, newsFor } from './access.ts'
import type { Door } from './access.ts'
import { readOptions } from './options.ts'
import { Profile } from './profile.ts'

const profile = new Profile(readOptions(process.argv.at(-1)))

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
