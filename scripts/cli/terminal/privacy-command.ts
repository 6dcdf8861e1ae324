/** `/privacy`: shows the choices about privacy, and changes one. The profile keeps them for every program. */
import { privacyNames, QuorumError } from '#protocol'
import type { Privacy } from '#protocol'
import { choiceWords, typedChoice, typedName, typedNames, typedValues } from '../privacy-choices.ts'
import type { Client } from './client.ts'
import { splitWord } from './typed-line.ts'
import { pad, wrap } from './view.ts'
import type { Look } from './view.ts'

/** Cells of the column of names with its margin, and of the column of values. */
const nameCells = Math.max(...typedNames.map((name) => name.length)) + 4
const valueCells = 'verified'.length + 2
/** The narrowest terminal where the meaning gets a column of its own. */
const threeColumns = 64

/** `/privacy`, `/privacy NAME`, `/privacy NAME VALUE`. */
export async function privacyCommand(client: Client, rest: string): Promise<void> {
  const { peer, screen } = client
  const [typed, value] = splitWord(rest.toLowerCase())
  if (typed === '') {
    const { privacy } = await peer.self()
    screen.print(privacyNames.map((name) => choiceLine(screen.look, privacy, name)).join('\n'))
    screen.print(
      wrap('/privacy NAME VALUE changes one, for every program that uses this profile.', screen.look.columns, ''),
    )
    return
  }
  const name = privacyNames.find((each) => typedName(each) === typed)
  if (name === undefined) {
    throw new QuorumError('bad-request', `There is no choice ${typed}. There are ${typedNames.join(', ')}.`)
  }
  const patch = typedChoice(typed, value)
  if (patch === undefined && value !== '') {
    throw new QuorumError('bad-request', `Usage: /privacy ${typed} ${typedValues(typed).join('|')}`)
  }
  const { privacy } = await (patch === undefined ? peer.self() : peer.setPrivacy(patch))
  screen.print(choiceLine(screen.look, privacy, name))
  if (patch === undefined) screen.print(`  /privacy ${typed} ${typedValues(typed).join('|')}`)
}

/** One choice: its name, its value, and what that means. */
export function choiceLine(look: Look, privacy: Privacy, name: keyof Privacy): string {
  const { value, meaning } = choiceWords(privacy, name)
  const head = pad(`  ${typedName(name)}`, nameCells) + pad(value, valueCells)
  return look.columns < threeColumns
    ? wrap(`  ${typedName(name)} ${value}: ${meaning}`, look.columns, '      ')
    : wrap(head + meaning, look.columns, ' '.repeat(nameCells + valueCells))
}

/** Tab: what can follow `/privacy `, and the part of `text` that it replaces. */
export function completePrivacy(text: string): [matches: string[], completed: string] {
  const [, typed, prefix] = /^(\S+) +(\S*)$/u.exec(text) ?? []
  const all = typed === undefined ? typedNames.map((name) => `${name} `) : typedValues(typed.toLowerCase())
  const word = (prefix ?? text).toLowerCase()
  return [all.filter((each) => each.startsWith(word)), prefix ?? text]
}
