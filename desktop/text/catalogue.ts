/** Which language: the one chosen, or the first of the system's that there is. English is the measure of all others. */
import { de } from './de.ts'
import { en } from './en.ts'

export type Catalogue = typeof en

const catalogues: Readonly<Record<string, Catalogue>> = { en, de }

/** `wanted`: language tags, best first. */
export function catalogueFor(wanted: readonly string[]): Catalogue {
  for (const tag of wanted) {
    const found = catalogues[tag.toLowerCase().split('-')[0] ?? '']
    if (found !== undefined) return found
  }
  return en
}
