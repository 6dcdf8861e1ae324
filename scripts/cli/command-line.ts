/**
 * The command line of `quorum`: its commands, their options, and the request that each set of options makes. Every
 * option of a command is read by that command's request, and nothing here runs anything.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { limits, logLevels, version } from '#protocol'
import type { LogLevel, PrivacyPatch } from '#protocol'
import { headlessHelp, passphraseHelp, receiveHelp, reportHelp, sendHelp, terminalHelp } from './help.ts'
import { addPeerOptions, notEmpty, privacyHelp, profileOption, quiet, typedPrivacy } from './peer-flags.ts'
import type { TypedPeerFlags } from './peer-flags.ts'

const usageError = 2

/** As they are typed. */
interface PeerTyped extends TypedPeerFlags {
  passphraseFile?: string
}
interface IdentityTyped extends PeerTyped {
  name?: string
  ephemeral?: boolean
}
interface SendTyped extends PeerTyped {
  to?: string
  note?: string
  json?: boolean
}
interface ReceiveTyped extends PeerTyped {
  from?: string
  into?: string
  once?: boolean
  keep?: boolean
  yes?: boolean
  json?: boolean
}
interface HeadlessTyped extends IdentityTyped {
  json?: boolean
  logLevel: LogLevel
}
interface ReportTyped {
  profile?: string
  output?: string
  json?: boolean
  passphraseFile?: string
}
interface PassphraseTyped {
  profile?: string
  remove?: boolean
  passphraseFile?: string
  newPassphraseFile?: string
}

export interface PeerRequest {
  node: string[] | undefined
  listen: string[] | undefined
  downloads: string | undefined
  name: string | undefined
  passphraseFile: string | undefined
  /** For this run. */
  privacy: PrivacyPatch
}

/** `profile` undefined: in memory only. */
export interface TerminalRequest {
  peer: PeerRequest
  profile: string | undefined
}
export interface HeadlessRequest extends TerminalRequest {
  logLevel: LogLevel
}
export interface OneShotRequest {
  peer: PeerRequest
  profile: string
  json: boolean
}
export interface SendRequest extends OneShotRequest {
  to: string | undefined
  note: string | undefined
}
export interface ReceiveRequest extends OneShotRequest {
  from: string | undefined
  into: string | undefined
  until: 'one' | 'on' | 'all'
  yes: boolean
}
export interface PassphraseRequest {
  profile: string
  remove: boolean
  passphraseFile: string | undefined
  newPassphraseFile: string | undefined
}

export interface ReportRequest {
  profile: string
  output: string | undefined
  json: boolean
  passphraseFile: string | undefined
}

/** What each command does with its request. */
export interface Commands {
  terminal(request: TerminalRequest): Promise<void>
  send(request: SendRequest, paths: string[]): Promise<void>
  receive(request: ReceiveRequest): Promise<void>
  headless(request: HeadlessRequest): Promise<void>
  passphrase(request: PassphraseRequest): Promise<void>
  report(request: ReportRequest): Promise<void>
}

const usualProfile = 'default'

/** From typed options to the request, by the name of the command. Errors: `CommanderError` for what makes no sense. */
export const requests = {
  quorum: (typed: IdentityTyped): TerminalRequest => {
    const { profile = usualProfile, ephemeral, name } = typed
    return { peer: peerRequest(typed, name), profile: ephemeral === true ? undefined : profile }
  },
  send: (typed: SendTyped): SendRequest => ({ ...oneShotRequest(typed), to: typed.to, note: typed.note }),
  receive: (typed: ReceiveTyped): ReceiveRequest => {
    const { from, into, once, keep, yes } = typed
    const until = once === true ? 'one' : keep === true ? 'on' : 'all'
    return { ...oneShotRequest(typed), from, into, until, yes: yes === true }
  },
  peer: (typed: HeadlessTyped): HeadlessRequest => {
    const { json, profile, ephemeral, name, logLevel } = typed
    if (json !== true) throw usage('quorum peer speaks JSON lines: add --json (people use quorum without a command)')
    if (profile === undefined && ephemeral !== true) throw usage('give --profile FOLDER, or --ephemeral')
    return { peer: peerRequest(typed, name), profile: ephemeral === true ? undefined : profile, logLevel }
  },
  passphrase: (typed: PassphraseTyped): PassphraseRequest => ({
    profile: typed.profile ?? usualProfile,
    remove: typed.remove === true,
    passphraseFile: typed.passphraseFile,
    newPassphraseFile: typed.newPassphraseFile,
  }),
  report: (typed: ReportTyped): ReportRequest => ({
    profile: typed.profile ?? usualProfile,
    output: typed.output,
    json: typed.json === true,
    passphraseFile: typed.passphraseFile,
  }),
}

function oneShotRequest(typed: PeerTyped & { json?: boolean }): OneShotRequest {
  return { peer: peerRequest(typed, undefined), profile: typed.profile ?? usualProfile, json: typed.json === true }
}

function peerRequest(typed: PeerTyped, name: string | undefined): PeerRequest {
  const { node, listen, downloads, passphraseFile } = typed
  return { node, listen, downloads, name, passphraseFile, privacy: typedPrivacy(typed) }
}

/** The whole command line; parsing it runs one of `commands`. Errors while parsing: `CommanderError`. */
export function commandLine(commands: Commands): Command {
  const program = withIdentityOptions(new Command('quorum'))
    .description('Talk and share files with people you know. Without a command: the terminal client.')
    .version(version)
    .enablePositionalOptions()
    .addOption(profileOption())
    .addHelpText('after', terminalHelp)
    .action((typed: IdentityTyped) => commands.terminal(requests.quorum(typed)))
  program.addCommand(
    withOneShotOptions(
      new Command('send')
        .description('send files and folders to a friend, and wait until they are there')
        .argument('[paths...]', 'files and folders; without, what was offered before goes on')
        .option('--to <friend>', 'name, handle, PeerId or its last characters', notEmpty)
        .option('--note <text>', 'a few words with it', notEmpty),
    )
      .addHelpText('after', sendHelp)
      .action((paths: string[], typed: SendTyped, command: Command) =>
        commands.send(requests.send(given(typed, command)), paths),
      ),
  )
  program.addCommand(
    withOneShotOptions(
      new Command('receive')
        .description('take what friends send, and wait until it is on disk')
        .option('--from <friend>', 'take what this friend sends, without asking', notEmpty)
        .option('--into <folder>', 'where it goes, this time', notEmpty)
        .addOption(new Option('--once', 'exactly one offer').conflicts('keep'))
        .option('--keep', 'stay for more, until interrupted')
        .option('--yes', 'take what any friend sends, without asking'),
    )
      .addHelpText('after', receiveHelp)
      .action((typed: ReceiveTyped, command: Command) => commands.receive(requests.receive(given(typed, command)))),
  )
  program.addCommand(
    withIdentityOptions(new Command('peer'))
      .description('one peer for programs: JSON lines on standard input and output')
      .option('--json', 'speak JSON lines (the only form there is)')
      .option('--profile <folder>', 'the folder of the encrypted store, created if missing', notEmpty)
      .addOption(new Option('--log-level <level>', 'what to tell on stderr').choices(logLevels).default('warn'))
      .addHelpText('after', headlessHelp)
      .action((typed: HeadlessTyped) => commands.headless(requests.peer(typed))),
  )
  program.addCommand(
    quiet(new Command('passphrase'))
      .description('set, change or remove the passphrase that guards a profile')
      .addOption(profileOption())
      .option('--remove', 'the profile opens without one from now on')
      .option('--passphrase-file <file>', 'a file whose content is the old passphrase (or QUORUM_PASSPHRASE)', notEmpty)
      .option('--new-passphrase-file <file>', 'a file whose content is the new one', notEmpty)
      .addHelpText('after', passphraseHelp)
      .action((typed: PassphraseTyped, command: Command) =>
        commands.passphrase(requests.passphrase(given(typed, command))),
      ),
  )
  program.addCommand(
    quiet(new Command('report'))
      .description('save a report for those who help: versions, counts, log lines; no names and no messages')
      .addOption(profileOption())
      .option('--output <file>', 'where it goes (default: a new file in the current folder)', notEmpty)
      .option('--json', 'tell where it is as one JSON object')
      .option('--passphrase-file <file>', 'a file whose content is the passphrase (or QUORUM_PASSPHRASE)', notEmpty)
      .addHelpText('after', reportHelp)
      .action((typed: ReportTyped, command: Command) => commands.report(requests.report(given(typed, command)))),
  )
  return program
}

/** What every peer that is started understands. */
function withPeerOptions(command: Command): Command {
  return addPeerOptions(quiet(command))
    .option('--passphrase-file <file>', 'a file whose content is the passphrase (or QUORUM_PASSPHRASE)', notEmpty)
    .addHelpText('after', privacyHelp)
}

/** And where it may be somebody new. */
function withIdentityOptions(command: Command): Command {
  return withPeerOptions(command)
    .option('--name <name>', 'the name friends see', personName)
    .option('--ephemeral', 'identity and history in memory only')
}

/** A command that does one thing with a profile there is. */
function withOneShotOptions(command: Command): Command {
  return withPeerOptions(command)
    .option('--json', 'JSON lines of the transfer on standard output')
    .addOption(profileOption())
}

function personName(value: string): string {
  if (value.trim().length > limits.nameCharacters) {
    throw new InvalidArgumentError(`It is longer than ${limits.nameCharacters} characters.`)
  }
  return notEmpty(value)
}

/** What was typed before a command counts for it too, unless it was typed after it again. */
function given<Flags extends object>(flags: Flags, command: Command): Flags {
  const own = Object.entries(flags).filter(([name]) => command.getOptionValueSource(name) !== 'default')
  return { ...flags, ...command.parent?.opts(), ...Object.fromEntries(own) }
}

function usage(message: string): CommanderError {
  return new CommanderError(usageError, 'quorum.usage', message)
}
