/**
 * Whether the NAT lab can run here. In continuous integration as root it must: there it fails instead of being skipped.
 */
import { userInfo } from 'node:os'
import { Lab } from './lab.ts'
import { igdMissing } from './lab-igd.ts'

const must = process.env.CI != null && process.platform === 'linux' && userInfo().uid === 0

/** Options of a test that needs the lab. */
export const needsLab = needs(Lab.missing())

/** And of one that needs a router with UPnP in it. */
export function needsIgd(): { skip: string | false } {
  return needs(Lab.missing() ?? igdMissing())
}

function needs(missing: string | undefined): { skip: string | false } {
  if (missing != null && must) throw new Error(missing)
  return { skip: missing ?? false }
}
