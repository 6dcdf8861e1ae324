/** The command line of the window: which profile, and what its peer is told. Chromium's own switches are left alone. */
import { homedir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { directModes, type DirectMode } from '#protocol'
import { downloadsFolder, profileFolder } from '#profile'

export interface WindowOptions {
  /** As it was typed. */
  profile: string
  folder: string
  /** Where files go that are accepted without a word about it: the folder that was typed, and the usual one. */
  downloads: { typed: string | undefined; usual: string }
  nodes: string[]
  listen: string[]
  direct: DirectMode | undefined
  lan: boolean | undefined
  /** Opened by this link. */
  link: string | undefined
  /** Do not show the window: started with the session. */
  hidden: boolean
}

const usual = 'default'
const linkPattern = /^quorum:\/\/\S{1,4096}$/u

/** `argv` without the program and its file. Errors: `bad-request` for a profile that is none. */
export function readCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv, cwd: string): WindowOptions {
  const { values, positionals } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    options: {
      profile: { type: 'string' },
      downloads: { type: 'string' },
      node: { type: 'string', multiple: true },
      listen: { type: 'string', multiple: true },
      direct: { type: 'string' },
      'no-lan': { type: 'boolean' },
      hidden: { type: 'boolean' },
    },
  })
  const { profile = usual, downloads, node, listen, direct } = values
  const name = typeof profile === 'string' ? profile : usual
  return {
    profile: name,
    folder: profileFolder(name, env, process.platform, homedir()),
    downloads: {
      typed: typeof downloads === 'string' ? path.resolve(cwd, downloads) : undefined,
      usual: downloadsFolder(undefined, env, process.platform, homedir()),
    },
    nodes: strings(node),
    listen: strings(listen),
    direct: directModes.find((mode) => mode === direct),
    lan: values['no-lan'] === true ? false : undefined,
    link: linkIn(positionals),
    hidden: values['hidden'] === true,
  }
}

/** The first of these words that is a link of ours. It is only ever shown and asked about, never acted on by itself. */
export function linkIn(words: readonly string[]): string | undefined {
  return words.find((word) => linkPattern.test(word))
}

function strings(values: unknown): string[] {
  return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : []
}
