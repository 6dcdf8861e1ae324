/** The warning about dangerous files, shown before a person accepts them (threats.md 54). */
import type { TransferFile } from '#protocol'
import { cleanLine } from './sanitize.ts'

type Risk = NonNullable<TransferFile['risk']>

/** The warning about the most dangerous of `files`; undefined if none is. `label`: the sender's name. */
export function warningAbout(files: readonly TransferFile[], label: string): string | undefined {
  const found = files.flatMap(({ path, risk }) =>
    risk === undefined ? [] : [{ risk, name: cleanLine(path.split('/').findLast((part) => part !== '') ?? '') }],
  )
  const order: Risk[] = ['disguised', 'hidden', 'launcher', 'program']
  const [worst] = found.toSorted((a, b) => order.indexOf(a.risk) - order.indexOf(b.risk))
  if (worst === undefined) return undefined
  const others = found.length > 1 ? ` (and ${found.length - 1} more like it)` : ''
  return `“${worst.name}”${others} ${sentence[worst.risk]} Open it only if you know why ${label} sends it.`
}

const sentence = {
  program: 'is a program: opening it runs it.',
  launcher: 'starts something else when it is opened.',
  disguised: 'pretends to be a document: opening it runs it.',
  hidden: 'has hidden characters in its name: it may not be what it looks like.',
} as const satisfies Record<Risk, string>
