/** Another version of the code, to be measured in the same run: a folder, or a revision of this repository. */
import { execFileSync, type ExecFileSyncOptions } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { ownRoot } from './processes.ts'

const manifest = z.object({ dependencies: z.record(z.string(), z.string()) })
const installed = z.object({ version: z.string() })

/**
 * Returns the folder of the code. A revision is unpacked below `folder` and uses the packages that are installed here.
 * Errors: there is no such folder or revision; the revision needs packages that are not installed here.
 */
export function checkout(wanted: string, folder: string): string {
  if (existsSync(join(wanted, 'package.json'))) return resolve(wanted)
  const [root, archive] = [join(folder, 'checkout'), join(folder, 'checkout.tar')]
  const options: ExecFileSyncOptions = { cwd: ownRoot, stdio: ['ignore', 'ignore', 'pipe'] }
  try {
    execFileSync('git', ['archive', '--output', archive, '--end-of-options', wanted], options)
  } catch (cause) {
    throw new Error(`${wanted} is neither a folder with Quorum in it nor a revision of this repository`, { cause })
  }
  mkdirSync(root)
  execFileSync('tar', ['-xf', archive, '-C', root], options)
  const { dependencies } = manifest.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))
  for (const [name, version] of Object.entries(dependencies)) {
    const file = join(ownRoot, 'node_modules', name, 'package.json')
    if (existsSync(file) && installed.parse(JSON.parse(readFileSync(file, 'utf8'))).version === version) continue
    throw new Error(`${wanted} needs ${name} ${version}: run npm ci in a checkout of it, and name that folder`)
  }
  symlinkSync(join(ownRoot, 'node_modules'), join(root, 'node_modules'))
  return root
}
