/**
 * The privacy choices as people type and read them: the same names and the same words for the flags of every program
 * and for `/privacy` in the terminal client. It changes nothing: the callers pass the choices to the peer.
 */
import { directModes, privacyNames } from '#protocol'
import type { DirectMode, Privacy, PrivacyPatch } from '#protocol'

export type PrivacySwitch = Exclude<keyof Privacy, 'direct'>

/** What each switch does when it is on, and when it is off. */
export const switchHelp: Readonly<Record<PrivacySwitch, { on: string; off: string }>> = {
  lan: {
    on: 'announce and try addresses of the local network, find codes there',
    off: 'neither announce nor try addresses of the local network, nor find codes there',
  },
  upnp: { on: 'ask the router to let friends in', off: 'do not ask the router to let friends in' },
  mdns: {
    on: 'find friends on the local network without a node, and tell everybody there your PeerId',
    off: 'do not search the local network for friends',
  },
  readReceipts: { on: 'tell friends what you have read', off: 'do not tell friends what you have read' },
  typingMarks: { on: 'tell friends when you are writing', off: 'do not tell friends when you are writing' },
}

/** Who learns the address of this computer and is reached directly, in each mode. */
export const directHelp: Readonly<Record<DirectMode, string>> = {
  auto: 'all friends',
  verified: 'friends whose safety number you compared',
  never: 'nobody, everything goes through nodes',
  only: 'all friends, nothing goes through nodes',
}

/** A choice as it is typed: `read-receipts`. */
export function typedName(name: keyof Privacy): string {
  return name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)
}

/** Every choice as it is typed, in the order in which it is shown. */
export const typedNames: readonly string[] = privacyNames.map(typedName)

/** The values that a choice can have, as they are typed; empty if there is no such choice. */
export function typedValues(typed: string): readonly string[] {
  if (!typedNames.includes(typed)) return []
  return typed === 'direct' ? directModes : ['on', 'off']
}

/** The choice that was typed with its value; undefined if either does not exist. */
export function typedChoice(typed: string, value: string): PrivacyPatch | undefined {
  const name = privacyNames.find((each) => typedName(each) === typed)
  if (name === undefined) return undefined
  if (name !== 'direct') return value === 'on' || value === 'off' ? { [name]: value === 'on' } : undefined
  const direct = directModes.find((mode) => mode === value)
  return direct === undefined ? undefined : { direct }
}

/** What a choice means with the value it has in `privacy`, and that value as it is typed. */
export function choiceWords(privacy: Privacy, name: keyof Privacy): { value: string; meaning: string } {
  if (name === 'direct') {
    const who = directHelp[privacy.direct]
    return { value: privacy.direct, meaning: `who is reached directly and learns your address: ${who}` }
  }
  const value = privacy[name] ? 'on' : 'off'
  const cause = privacy[name] ? overruledBy(privacy, name) : undefined
  const note = cause === undefined ? '' : ` (no effect while ${cause})`
  return { value, meaning: switchHelp[name][value] + note }
}

/** The other choice that leaves a switch without effect; undefined if there is none. As in api/privacy.ts. */
function overruledBy({ direct, lan }: Privacy, name: PrivacySwitch): string | undefined {
  if (name === 'readReceipts' || name === 'typingMarks') return undefined
  if (direct === 'never' || (name === 'mdns' && direct === 'verified')) return `direct is ${direct}`
  return name === 'mdns' && !lan ? 'lan is off' : undefined
}
