/** Whether the NAT lab can run here. In continuous integration as root it must: there it fails instead of being skipped. */
import { userInfo } from 'node:os'
import { Lab } from './lab.ts'

const missing = Lab.missing()
const must = process.env.CI != null && process.platform === 'linux' && userInfo().uid === 0

if (missing != null && must) throw new Error(missing)

/** Options of a test that needs the lab. */
export const needsLab = { skip: missing ?? false }
