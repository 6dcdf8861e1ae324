/**
 * The command line of the window: the profile and the options of its peer. Switches of Chromium and Electron are
 * ignored here; every other unknown word is refused, as `quorum` does.
 */
import { homedir } from 'node:os'
import { Command, CommanderError, Option } from 'commander'
import type { PrivacyPatch } from '#protocol'
import { QuorumError } from '#protocol'
import { addPeerOptions, privacyHelp, profileOption, quiet, typedPrivacy } from '#peer-flags'
import type { TypedPeerFlags } from '#peer-flags'
import { downloadsFolder, profileFolder, typedPath } from '#profile'

export interface WindowOptions {
  /** A name or a path, as it was typed. */
  profile: string
  /** The profile's folder. */
  folder: string
  /** Folders for received files: the one that was typed, and the default one. */
  downloads: { typed: string | undefined; default: string }
  nodes: string[]
  listen: string[]
  /** For this run; takes precedence over the choices in the profile. */
  privacy: PrivacyPatch
  /** The invite with which Quorum was opened. */
  link: string | undefined
  /** Do not show the window: Quorum was started at login. */
  hidden: boolean
}

const defaultProfile = 'default'
const linkPattern = /^quorum:\/\/\S{1,4096}$/u

/**
 * Switches of Electron (its page "Supported Command Line Switches") and of its Node, and the switches of Chromium that
 * systems and support pages recommend. A value follows a `=`.
 */
const foreignSwitches: ReadonlySet<string> = new Set(
  `allow-file-access-from-files allow-loading-unsigned-libraries auth-negotiate-delegate-whitelist auth-server-whitelist
  device-scale-factor diagnostic-dir disable-accelerated-video-decode disable-background-timer-throttling
  disable-breakpad disable-dev-shm-usage disable-features disable-gpu disable-gpu-compositing disable-gpu-sandbox
  disable-gpu-vsync disable-http-cache disable-http2 disable-ntlm-v2 disable-renderer-backgrounding
  disable-seccomp-filter-sandbox disable-setuid-sandbox disable-software-rasterizer disable-vulkan disk-cache-size
  dns-result-order enable-automation enable-crash-reporter enable-features enable-logging enable-source-maps
  enable-unsafe-swiftshader enable-wayland-ime experimental-network-inspection flag-switches-begin flag-switches-end
  force-color-profile force-dark-mode force-device-scale-factor force-fieldtrials force-renderer-accessibility
  force_high_performance_gpu force_low_power_gpu gtk-version high-dpi-support host-resolver-rules host-rules
  ignore-certificate-errors ignore-connections-limit ignore-gpu-blocklist in-process-gpu inspect inspect-brk
  inspect-brk-node inspect-port inspect-publish-uid js-flags lang log-file log-level log-net-log no-deprecation
  no-experimental-global-navigator no-first-run no-proxy-server no-sandbox no-zygote original-process-start-time
  ozone-platform ozone-platform-hint password-store proxy-bypass-list proxy-pac-url proxy-server
  remote-allow-origins remote-debugging-address remote-debugging-pipe remote-debugging-port squirrel-firstrun
  test-type throw-deprecation trace-deprecation trace-warnings use-angle use-cmd-decoder use-gl use-vulkan v
  vmodule wayland-text-input-version xdg-portal-required-version`.split(/\s+/u),
)

interface TypedWindowFlags extends TypedPeerFlags {
  hidden?: boolean
}

/**
 * Prints no help, because Electron does not have a terminal on every system; the documents and tests ask this parser.
 */
export function windowCommand(): Command {
  return addPeerOptions(quiet(new Command('quorum')))
    .description('Quorum in a window.')
    .helpOption(false)
    .argument('[links...]', 'an invite to open with: quorum://…')
    .addOption(profileOption())
    .addOption(new Option('--hidden', 'do not show the window: started with the session'))
    .addHelpText('after', privacyHelp)
}

/** `argv`: without the program and its file. Errors: `bad-request` for an unknown word or an invalid value. */
export function readCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv, cwd: string): WindowOptions {
  const command = windowCommand()
  try {
    command.parse(
      argv.filter((word) => !isForeign(word)),
      { from: 'user' },
    )
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    throw new QuorumError('bad-request', error.message.replace(/^error: /u, '').replace(/\s+/gu, ' '), { cause: error })
  }
  const stray = command.args.find((word) => !word.startsWith('quorum:'))
  if (stray !== undefined) throw new QuorumError('bad-request', `${JSON.stringify(stray)} is not an invite`)
  const typed = command.opts<TypedWindowFlags>()
  const { profile = defaultProfile, downloads, node = [], listen = [], hidden = false } = typed
  return {
    profile,
    folder: profileFolder(profile, env, process.platform, homedir()),
    downloads: {
      typed: downloads === undefined ? undefined : typedPath(downloads, homedir(), cwd),
      default: downloadsFolder(undefined, env, process.platform, homedir()),
    },
    nodes: node,
    listen,
    privacy: typedPrivacy(typed),
    link: linkIn(command.args),
    hidden,
  }
}

/**
 * The words after the program; in a checkout, the words after its main file, because those before it are Electron's.
 */
export function ownWords(argv: readonly string[], packaged: boolean): string[] {
  if (packaged) return argv.slice(1)
  return argv.slice(argv.findIndex((word) => word.endsWith('main.ts')) + 1)
}

/** The first of these words that is an invite. Quorum only shows it; the person decides what happens. */
export function linkIn(words: readonly string[]): string | undefined {
  return words.find((word) => linkPattern.test(word))
}

function isForeign(word: string): boolean {
  // The Finder of older macOS versions adds this.
  if (process.platform === 'darwin' && word.startsWith('-psn_')) return true
  const name = /^--([\w-]+)(?:=.*)?$/su.exec(word)?.[1]
  return name !== undefined && foreignSwitches.has(name)
}
