/**
 * Programs of the operating system that some tests need, installed where they are missing: on Debian and its kin, as
 * root, saying so. Anywhere else it installs nothing; the tests themselves say what they lack and what to type.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'

/** By kind of test: the package, and the program by which it is known to be there. */
const needed = [
  { kind: 'lab', name: 'nftables', program: 'nft' },
  { kind: 'lab', name: 'iproute2', program: 'ip' },
  { kind: 'lab', name: 'miniupnpd-nftables', program: 'miniupnpd' },
]

/** Installs what these kinds of test lack. Speaks on standard error only. */
export function provideFor(kinds: readonly string[]): void {
  const missing = needed.filter(({ kind, program }) => kinds.includes(kind) && !onPath(program))
  const names = missing.map(({ name }) => name)
  if (names.length === 0 || process.platform !== 'linux' || userInfo().uid !== 0 || !onPath('apt-get')) return
  say(
    `Installing ${names.join(' and ')}, for the tests of kind ${[...new Set(missing.map(({ kind }) => kind))].join()}.`,
  )
  const install = ['install', '--yes', '--quiet', '--no-install-recommends', ...names]
  // A fresh machine may not know yet which packages there are.
  if (!aptGet(install) && !(aptGet(['update', '--quiet']) && aptGet(install))) say('They could not be installed.')
}

function aptGet(args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], env }).status === 0
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
