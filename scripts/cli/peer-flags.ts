/**
 * The options that every program with a peer shares: `quorum`, its commands, and the window. A privacy flag replaces
 * the profile's choice for one run. Without a flag the profile's choice holds.
 */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { directModes, givenNodeAddress, privacyNames, toError, usualPrivacy } from '#protocol'
import type { PrivacyPatch } from '#protocol'
import { directHelp, switchHelp, typedName, type PrivacySwitch } from './privacy-choices.ts'

/** The options as commander returns them. */
export interface TypedPeerFlags extends PrivacyPatch {
  node?: string[]
  listen?: string[]
  downloads?: string
  profile?: string
}

const modes = directModes.map((mode) => `${mode}: ${directHelp[mode]}`).join('; ')
const directWords = `who is reached directly and learns your address. ${modes}`

/** What `--help` prints after the options. */
export const privacyHelp = `
Privacy: what you choose in the window, or with /privacy in the terminal, holds for every program that uses the profile.
For one run, --direct and the switches above replace it, as do --lan, --upnp, --no-mdns, --read-receipts and
--typing-marks.`

export function profileOption(): Option {
  return new Option('--profile <name>', 'a name, or a folder if it contains a separator').argParser(notEmpty)
}

/** Adds the options of every program that starts a peer. */
export function addPeerOptions(command: Command): Command {
  command
    .option('--node <multiaddr>', 'a node that helps friends find you; may be given several times', collectNodes)
    .option('--listen <multiaddr>', 'where to listen; may be given several times', collect)
    .option('--downloads <folder>', 'where accepted files go (default: your own folder for downloads)', notEmpty)
    .addOption(new Option('--direct <mode>', directWords).choices(directModes))
  for (const [name, { on, off }] of Object.entries(switchHelp)) {
    const word = typedName(name as PrivacySwitch)
    const byDefault = usualPrivacy[name as PrivacySwitch]
    // The positive flag is added first: then commander sets no default, and a flag that was not typed has no value.
    command.addOption(new Option(`--${word}`, on).hideHelp(byDefault))
    command.addOption(new Option(`--no-${word}`, off).hideHelp(!byDefault))
  }
  return command
}

/** The privacy choices that were typed. */
export function typedPrivacy(flags: PrivacyPatch): PrivacyPatch {
  return Object.fromEntries(
    privacyNames.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]])),
  ) as PrivacyPatch
}

/** Makes a command throw errors instead of printing them, and refuse unknown arguments. */
export function quiet(command: Command): Command {
  return command
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
}

export function notEmpty(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('It is empty.')
  return value
}

function collect(value: string, all: string[] = []): string[] {
  return [...all, value]
}

function collectNodes(value: string, all: string[] = []): string[] {
  try {
    return [...all, givenNodeAddress(value)]
  } catch (error) {
    throw new InvalidArgumentError(toError(error).message)
  }
}
