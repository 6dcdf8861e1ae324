/** Chooses the text catalogue by language. The English catalogue defines the type of all others. */
import { de } from './de.ts'
import { en } from './en.ts'

export type Catalogue = typeof en

const catalogues: Readonly<Record<string, Catalogue>> = { en, de }

/** `wanted`: language tags, the preferred one first. Returns the first that exists, else English. */
export function catalogueFor(wanted: readonly string[]): Catalogue {
  for (const tag of wanted) {
    const found = catalogues[tag.toLowerCase().split('-')[0] ?? '']
    if (found !== undefined) return found
  }
  return en
}
