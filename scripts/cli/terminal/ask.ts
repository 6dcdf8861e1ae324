/**
 * Questions to a person on a terminal: for a passphrase, which is never shown, printed or stored; for a yes or a no.
 */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { ScreenStreams } from './screen.ts'

/** The text that was typed; undefined after Ctrl-C or Ctrl-D. */
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

/** Whether the answer was yes; undefined after Ctrl-C or Ctrl-D. An empty answer means no. */
export async function askYes({ input, output }: ScreenStreams, question: string): Promise<boolean | undefined> {
  const readline = createInterface({ input, output, terminal: true, historySize: 0 })
  const typed = Promise.withResolvers<string | undefined>()
  readline.question(question, (line) => typed.resolve(line))
  readline.once('SIGINT', () => typed.resolve(undefined))
  readline.once('close', () => typed.resolve(undefined))
  const answer = await typed.promise
  readline.close()
  if (answer === undefined) output.write('\n')
  return answer === undefined ? undefined : /^y(?:es)?$/iu.test(answer.trim())
}
