/**
 * The command line of `quorum`: its commands, their options, and the conversion of the options to a request for each
 * command. It runs no command itself.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { limits, logLevels, version } from '#protocol'
import type { LogLevel, PrivacyPatch } from '#protocol'
import {
  backupHelp,
  headlessHelp,
  passphraseHelp,
  receiveHelp,
  reportHelp,
  restoreHelp,
  sendHelp,
  terminalHelp,
} from './help.ts'
import { addPeerOptions, notEmpty, privacyHelp, profileOption, quiet, typedPrivacy } from './peer-flags.ts'
import type { TypedPeerFlags } from './peer-flags.ts'

const usageError = 2

/** The options as commander returns them. */
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

interface BackupTyped {
  profile?: string
  words?: boolean
  withPassphrase?: boolean
  backupPassphraseFile?: string
  passphraseFile?: string
  json?: boolean
}
interface RestoreTyped {
  profile?: string
  wordsFile?: string
  passphraseFile?: string
  newPassphraseFile?: string
  replace?: boolean
  json?: boolean
}

export interface PeerRequest {
  node: string[] | undefined
  listen: string[] | undefined
  downloads: string | undefined
  name: string | undefined
  passphraseFile: string | undefined
  /** For this run only. */
  privacy: PrivacyPatch
}

/** `profile` is undefined if the identity is only in memory. */
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

export interface BackupRequest {
  profile: string
  json: boolean
  withPassphrase: boolean
  backupPassphraseFile: string | undefined
  passphraseFile: string | undefined
}

export interface RestoreRequest {
  profile: string
  json: boolean
  replace: boolean
  wordsFile: string | undefined
  passphraseFile: string | undefined
  newPassphraseFile: string | undefined
}

/** The function that runs for each command. */
export interface Commands {
  terminal(request: TerminalRequest): Promise<void>
  send(request: SendRequest, paths: string[]): Promise<void>
  receive(request: ReceiveRequest): Promise<void>
  headless(request: HeadlessRequest): Promise<void>
  passphrase(request: PassphraseRequest): Promise<void>
  report(request: ReportRequest): Promise<void>
  backup(request: BackupRequest, file: string): Promise<void>
  restore(request: RestoreRequest, file: string): Promise<void>
}

const defaultProfile = 'default'

/** Converts the options of each command to its request. Errors: `CommanderError` if the options do not fit together. */
export const requests = {
  quorum: (typed: IdentityTyped): TerminalRequest => {
    const { profile = defaultProfile, ephemeral, name } = typed
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
    if (json !== true) throw usage('quorum peer uses JSON lines: add --json (for a person: quorum without a command)')
    if (profile === undefined && ephemeral !== true) throw usage('give --profile FOLDER, or --ephemeral')
    return { peer: peerRequest(typed, name), profile: ephemeral === true ? undefined : profile, logLevel }
  },
  passphrase: (typed: PassphraseTyped): PassphraseRequest => ({
    profile: typed.profile ?? defaultProfile,
    remove: typed.remove === true,
    passphraseFile: typed.passphraseFile,
    newPassphraseFile: typed.newPassphraseFile,
  }),
  report: (typed: ReportTyped): ReportRequest => ({
    profile: typed.profile ?? defaultProfile,
    output: typed.output,
    json: typed.json === true,
    passphraseFile: typed.passphraseFile,
  }),
  backup: (typed: BackupTyped): BackupRequest => ({
    profile: typed.profile ?? defaultProfile,
    json: typed.json === true,
    withPassphrase: typed.withPassphrase === true && typed.words !== true,
    backupPassphraseFile: typed.backupPassphraseFile,
    passphraseFile: typed.passphraseFile,
  }),
  restore: (typed: RestoreTyped): RestoreRequest => ({
    profile: typed.profile ?? defaultProfile,
    json: typed.json === true,
    replace: typed.replace === true,
    wordsFile: typed.wordsFile,
    passphraseFile: typed.passphraseFile,
    newPassphraseFile: typed.newPassphraseFile,
  }),
}

function oneShotRequest(typed: PeerTyped & { json?: boolean }): OneShotRequest {
  return { peer: peerRequest(typed, undefined), profile: typed.profile ?? defaultProfile, json: typed.json === true }
}

function peerRequest(typed: PeerTyped, name: string | undefined): PeerRequest {
  const { node, listen, downloads, passphraseFile } = typed
  return { node, listen, downloads, name, passphraseFile, privacy: typedPrivacy(typed) }
}

/** The command line. Parsing it runs one of `commands`. Errors while parsing: `CommanderError`. */
export function commandLine(commands: Commands): Command {
  const program = withIdentityOptions(new Command('quorum'))
    .description('Talk and share files with people you know. Without a command: the terminal client.')
    .version(version)
    .enablePositionalOptions()
    .helpCommand('help [command]', 'what a command does, and its options')
    .addOption(profileOption())
    .addHelpText('after', terminalHelp)
    // A mistyped command would be "too many arguments".
    .allowExcessArguments()
    .action((typed: IdentityTyped, command: Command) => {
      const [word] = command.args
      if (word !== undefined) command.error(`error: ${JSON.stringify(word)} is not a command`)
      return commands.terminal(requests.quorum(typed))
    })
  program.addCommand(
    withOneShotOptions(
      new Command('send')
        .description('send files and folders to a friend, and wait until they have arrived')
        .argument('[paths...]', 'files and folders; if none are given, continue what was offered before')
        .option('--to <friend>', 'name, handle, PeerId or its last characters', notEmpty)
        .option('--note <text>', 'a short note for the friend', notEmpty),
    )
      .addHelpText('after', sendHelp)
      .action((paths: string[], typed: SendTyped, command: Command) =>
        commands.send(requests.send(given(typed, command)), paths),
      ),
  )
  program.addCommand(
    withOneShotOptions(
      new Command('receive')
        .description('receive what friends send, and wait until it is on disk')
        .option('--from <friend>', 'accept what this friend sends, without asking', notEmpty)
        .option('--into <folder>', 'the folder for the files, for this run', notEmpty)
        .addOption(new Option('--once', 'accept exactly one offer').conflicts('keep'))
        .option('--keep', 'keep waiting for more, until interrupted')
        .option('--yes', 'accept what any friend sends, without asking'),
    )
      .addHelpText('after', receiveHelp)
      .action((typed: ReceiveTyped, command: Command) => commands.receive(requests.receive(given(typed, command)))),
  )
  program.addCommand(
    withIdentityOptions(new Command('peer'))
      .description('run a peer for programs: JSON lines on standard input and output')
      .option('--json', 'use JSON lines (required; there is no other format)')
      .option('--profile <folder>', 'the folder of the encrypted store, created if missing', notEmpty)
      .addOption(
        new Option('--log-level <level>', 'the least severe level to log on stderr').choices(logLevels).default('warn'),
      )
      .addHelpText('after', headlessHelp)
      .action((typed: HeadlessTyped, command: Command) => commands.headless(requests.peer(given(typed, command)))),
  )
  program.addCommand(
    quiet(new Command('passphrase'))
      .description('set, change or remove the passphrase of a profile')
      .addOption(profileOption())
      .option('--remove', 'remove the passphrase')
      .option('--passphrase-file <file>', 'a file with the old passphrase (or QUORUM_PASSPHRASE)', notEmpty)
      .option('--new-passphrase-file <file>', 'a file with the new passphrase', notEmpty)
      .addHelpText('after', passphraseHelp)
      .action((typed: PassphraseTyped, command: Command) =>
        commands.passphrase(requests.passphrase(given(typed, command))),
      ),
  )
  program.addCommand(
    quiet(new Command('report'))
      .description('save a report for support: versions, counts, log lines; no names and no messages')
      .addOption(profileOption())
      .option('--output <file>', 'where to save it (default: a new file in the current folder)', notEmpty)
      .option('--json', 'print where it is as one JSON object')
      .option('--passphrase-file <file>', 'a file with the passphrase (or QUORUM_PASSPHRASE)', notEmpty)
      .addHelpText('after', reportHelp)
      .action((typed: ReportTyped, command: Command) => commands.report(requests.report(given(typed, command)))),
  )
  addBackupCommands(program, commands)
  return program
}

function addBackupCommands(program: Command, commands: Commands): void {
  const byPassphrase = ['withPassphrase', 'backupPassphraseFile']
  program.addCommand(
    quiet(new Command('backup'))
      .description('write an encrypted backup of a profile to a new file')
      .argument('<file>', 'the file to make')
      .addOption(profileOption())
      .addOption(new Option('--words', 'opened with 24 words, which are printed (the default)').conflicts(byPassphrase))
      .option('--with-passphrase', 'opened with a passphrase, which it asks for')
      .option('--backup-passphrase-file <file>', 'a file with the passphrase for the backup', notEmpty)
      .option('--passphrase-file <file>', 'a file with the passphrase of the profile (or QUORUM_PASSPHRASE)', notEmpty)
      .option('--json', 'print the result as one JSON object')
      .addHelpText('after', backupHelp)
      .action((file: string, typed: BackupTyped, command: Command) =>
        commands.backup(requests.backup(given(typed, command)), file),
      ),
  )
  program.addCommand(
    quiet(new Command('restore'))
      .description('make a profile of a backup')
      .argument('<file>', 'the backup')
      .addOption(profileOption())
      .option('--words-file <file>', 'a file with the 24 words of the backup', notEmpty)
      .option('--passphrase-file <file>', 'a file with the passphrase of the backup', notEmpty)
      .option('--new-passphrase-file <file>', 'a file with a passphrase for the restored profile', notEmpty)
      .option('--replace', 'destroy a profile that is there')
      .option('--json', 'print the result as one JSON object')
      .addHelpText('after', restoreHelp)
      .action((file: string, typed: RestoreTyped, command: Command) =>
        commands.restore(requests.restore(given(typed, command)), file),
      ),
  )
}

/** Adds the options of every command that starts a peer. */
function withPeerOptions(command: Command): Command {
  return addPeerOptions(quiet(command))
    .option('--passphrase-file <file>', 'a file with the passphrase (or QUORUM_PASSPHRASE)', notEmpty)
    .addHelpText('after', privacyHelp)
}

/** Adds those options, and the options for a new identity. */
function withIdentityOptions(command: Command): Command {
  return withPeerOptions(command)
    .option('--name <name>', 'the name that friends see', personName)
    .option('--ephemeral', 'keep identity and history in memory only')
}

/** Adds the options of a command that does one thing with an existing profile. */
function withOneShotOptions(command: Command): Command {
  return withPeerOptions(command)
    .option('--json', 'print the transfer as JSON lines on standard output')
    .addOption(profileOption())
}

function personName(value: string): string {
  if (value.trim().length > limits.nameCharacters) {
    throw new InvalidArgumentError(`It has more than ${limits.nameCharacters} characters.`)
  }
  return notEmpty(value)
}

/** Options typed before a command's name also apply to it. An option typed after the name has precedence. */
function given<Flags extends object>(flags: Flags, command: Command): Flags {
  const own = Object.entries(flags).filter(([name]) => command.getOptionValueSource(name) !== 'default')
  return { ...flags, ...command.parent?.opts(), ...Object.fromEntries(own) }
}

function usage(message: string): CommanderError {
  return new CommanderError(usageError, 'quorum.usage', message)
}
