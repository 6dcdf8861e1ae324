/**
 * The options of every program that starts a peer, in one table: `quorum` and its commands, and the window. A privacy
 * flag overrides for one run what the profile keeps; without one, the profile's choice holds.
 */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { directModes, privacyNames, usualPrivacy } from '#protocol'
import type { Privacy, PrivacyPatch } from '#protocol'

/** As they are typed. */
export interface TypedPeerFlags extends PrivacyPatch {
  node?: string[]
  listen?: string[]
  downloads?: string
  profile?: string
}

type Switch = Exclude<keyof Privacy, 'direct'>

/** What each switch does when it is on, and when it is off. */
const switches: Record<Switch, { on: string; off: string }> = {
  lan: {
    on: 'announce and try addresses of the local network',
    off: 'neither announce nor try addresses of the local network',
  },
  upnp: { on: 'ask the router to let friends in', off: 'do not ask the router to let friends in' },
  mdns: {
    on: 'find friends on the local network without a node, and tell everybody there your PeerId',
    off: 'do not search the local network for friends',
  },
  readReceipts: { on: 'tell friends what was read', off: 'do not tell friends what was read' },
  typingMarks: { on: 'tell friends that you are writing', off: 'do not tell friends that you are writing' },
}

/** What `--help` says after the options. */
export const privacyHelp = `
Privacy: what you chose in the window holds for every program on the profile. --direct and the switches above say
otherwise for one run, and so do --lan, --upnp, --no-mdns, --read-receipts and --typing-marks.`

export function profileOption(): Option {
  return new Option('--profile <name>', 'a name, or a folder if it contains a separator').argParser(notEmpty)
}

/** Adds what every peer that is started understands. */
export function addPeerOptions(command: Command): Command {
  command
    .option('--node <multiaddr>', 'a node that helps friends find you; may be given several times', collect)
    .option('--listen <multiaddr>', 'where to listen; may be given several times', collect)
    .option('--downloads <folder>', 'where accepted files go (default: your own folder for downloads)', notEmpty)
    .addOption(
      new Option(
        '--direct <mode>',
        'who learns your address and is reached directly: auto (friends), verified (friends whose number you compared), never (nobody: all through nodes); only: no node carries anything',
      ).choices(directModes),
    )
  for (const [name, { on, off }] of Object.entries(switches)) {
    const word = name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)
    const usual = usualPrivacy[name as Switch]
    // The positive one first: then neither has a default, and what was not typed is not given.
    command.addOption(new Option(`--${word}`, on).hideHelp(usual))
    command.addOption(new Option(`--no-${word}`, off).hideHelp(!usual))
  }
  return command
}

/** The privacy choices among the flags: those that were typed. */
export function typedPrivacy(flags: PrivacyPatch): PrivacyPatch {
  return Object.fromEntries(
    privacyNames.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]])),
  ) as PrivacyPatch
}

/** Errors are thrown instead of printed, and no argument is ignored. */
export function quiet(command: Command): Command {
  return command
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
}

export function notEmpty(value: string): string {
  if (value === '') throw new InvalidArgumentError('It is empty.')
  return value
}

function collect(value: string, all: string[] = []): string[] {
  return [...all, value]
}
