/** The warning about dangerous files, shown before a person accepts them (threats.md 54). */
import type { FileRisk, FileRisks } from '#protocol'
import { cleanLine } from './sanitize.ts'

/** The warning about the most dangerous of the files with `risks`; undefined if none is. `label`: the sender's name. */
export function warningAbout(risks: FileRisks, label: string): string | undefined {
  const order: FileRisk[] = ['disguised', 'hidden', 'launcher', 'program']
  const worst = order.find((risk) => risks[risk] !== undefined)
  if (worst === undefined) return undefined
  const name = cleanLine(risks[worst]?.path.split('/').findLast((part) => part !== '') ?? '')
  const found = order.reduce((sum, risk) => sum + (risks[risk]?.count ?? 0), 0)
  const others = found > 1 ? ` (and ${found - 1} more like it)` : ''
  return `“${name}”${others} ${sentence[worst]} Open it only if you know why ${label} sends it.`
}

const sentence = {
  program: 'is a program: opening it runs it.',
  launcher: 'starts something else when it is opened.',
  disguised: 'pretends to be a document: opening it runs it.',
  hidden: 'has hidden characters in its name: it may not be what it looks like.',
} as const satisfies Record<FileRisk, string>
