/** Provides everything that the window needs to open from a checkout: Electron, its libraries, the built page. */
import { buildDesktop } from './build-desktop.ts'
import { root } from './checks.ts'
import { provideElectron } from '../electron.mjs'
import { SetupError } from '../install.mjs'
import { provideLibraries } from './system-packages.ts'

/** Returns the path of an Electron that can run here. Errors: SetupError, whose message is for a person. */
export async function provideWindow(): Promise<string> {
  const electron = await provideElectron(root)
  const missing = provideLibraries(electron)
  if (missing !== undefined) throw new SetupError(missing)
  await buildDesktop()
  return electron
}
