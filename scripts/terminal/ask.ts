/** Asks for a passphrase without showing it. It never stores or prints what was typed. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { ScreenStreams } from './screen.ts'

/** What was typed; undefined when the person gave up (Ctrl-C, Ctrl-D). */
export async function askSecret({ input, output }: ScreenStreams, question: string): Promise<string | undefined> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const readline = createInterface({ input, output: silent, terminal: true, historySize: 0 })
  output.write(question)
  const typed = Promise.withResolvers<string | undefined>()
  readline.once('line', (line) => typed.resolve(line))
  readline.once('SIGINT', () => typed.resolve(undefined))
  readline.once('close', () => typed.resolve(undefined))
  const secret = await typed.promise
  readline.close()
  output.write('\n')
  return secret
}
