/** Amounts as an operator writes them: numbers and sizes, each within bounds that the message tells. */
import { z } from 'zod'
import { byteSize } from '#byte-size'

/** Decimal, as on the label of a disk and in a tariff; and the binary units, by their own names. In lower case. */
const units = new Map(
  ['', 'k', 'm', 'g', 't'].flatMap((prefix, power): [string, number][] => [
    [`${prefix}b`, 1000 ** power],
    [prefix === '' ? '' : `${prefix}ib`, 1024 ** power],
  ]),
)

/** Bytes, from a number or a text such as `500 GB`, from `least` to `most`. */
export function byteAmount([least, most]: readonly [number, number]) {
  const message = `must be an amount from ${byteSize(least)} to ${byteSize(most)}, such as 200000000 or 200MB`
  return z
    .union([z.number(), z.string()], message)
    .transform((given) => (typeof given === 'number' ? given : bytesOf(given)))
    .refine((bytes) => Number.isSafeInteger(bytes) && bytes >= least && bytes <= most, message)
}

function bytesOf(text: string): number {
  const [, number = 'none', unit = ''] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text.trim()) ?? []
  return Math.round(Number(number) * (units.get(unit.toLowerCase()) ?? Number.NaN))
}

/** A whole number from `least` to `most`, also as text. */
export function wholeNumber([least, most]: readonly [number, number]) {
  const message = `must be a whole number from ${least} to ${most}`
  return z
    .union([z.number(), z.string().regex(/^\d{1,15}$/, message)], message)
    .transform(Number)
    .refine((number) => Number.isSafeInteger(number) && number >= least && number <= most, message)
}
