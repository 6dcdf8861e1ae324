/**
 * `quorum passphrase`: sets, changes or removes the passphrase of a profile. On a terminal it asks for each passphrase
 * that neither an option nor the environment gives.
 */
import { existsSync } from 'node:fs'
import { changePassphrase, QuorumError } from '#protocol'
import { givenPassphrase } from './profile.ts'
import { askSecret } from './terminal/ask.ts'
import type { ScreenStreams } from './terminal/screen.ts'

interface ChangeOptions extends ScreenStreams {
  remove: boolean
  passphraseFile: string | undefined
  newPassphraseFile: string | undefined
  /** The profile's folder. */
  folder: string
  /** The profile as the person typed it. */
  profile: string
  env: Readonly<Record<string, string | undefined>>
}

/** Errors: `bad-request` for options that exclude each other, `not-found`, `cancelled`, and those of the store. */
export async function changePassphraseAsking(options: ChangeOptions): Promise<void> {
  const { folder, remove, passphraseFile, newPassphraseFile, input, output, env } = options
  if (!existsSync(folder)) throw new QuorumError('not-found', `There is no profile ${options.profile}`)
  if (remove && newPassphraseFile !== undefined) {
    throw new QuorumError('bad-request', 'Give --remove or a new passphrase, not both')
  }
  const interactive = input.isTTY === true && output.isTTY === true
  const asked = async (question: string): Promise<string> => {
    const typed = await askSecret({ input, output }, question)
    if (typed === undefined) throw new QuorumError('cancelled', 'Nothing was changed')
    return typed
  }

  let old = givenPassphrase(passphraseFile, env)
  let next = newPassphraseFile === undefined ? undefined : givenPassphrase(newPassphraseFile, {})
  if (interactive) old ??= (await asked('Current passphrase (Enter if there is none): ')) || undefined
  if (next === undefined && !remove) {
    if (!interactive) throw new QuorumError('bad-request', 'Give --new-passphrase-file FILE, or --remove')
    next = await asked('New passphrase: ')
    if (next !== (await asked('New passphrase again: ')))
      throw new QuorumError('bad-request', 'The two passphrases differ')
  }
  await changePassphrase(folder, old, next)
  output.write(next === undefined ? 'The profile opens without a passphrase now.\n' : 'The passphrase is changed.\n')
}
