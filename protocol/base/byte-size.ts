/**
 * Sizes as people read them, in decimal units, as on the label of a disk and in file managers: 1 kB is 1000 bytes.
 * Every program uses this one rule, so that a file has the same size wherever it is shown. Pure: it runs in the page,
 * too.
 */

/** Bytes in one unit are 1000 to the power of its position. The names are those of `Intl.NumberFormat`. */
const units = [
  { name: 'byte', symbol: 'bytes' },
  { name: 'kilobyte', symbol: 'kB' },
  { name: 'megabyte', symbol: 'MB' },
  { name: 'gigabyte', symbol: 'GB' },
  { name: 'terabyte', symbol: 'TB' },
  { name: 'petabyte', symbol: 'PB' },
] as const

export interface ByteUnit {
  /** Bytes in one of it. */
  bytes: number
  /** `kB`; for the smallest unit `bytes`. English. */
  symbol: (typeof units)[number]['symbol']
}

const formats = new Map<string, Intl.NumberFormat>()

/** The unit to show `bytes` in: the largest of which there is one after rounding, so 999,960 bytes are in MB. */
export function byteUnit(bytes: number): ByteUnit {
  const power = powerOf(bytes)
  return { bytes: 1000 ** power, symbol: unitAt(power).symbol }
}

/** Digits after the decimal separator: one below 100 of a unit, none of whole bytes. */
export function byteDecimals(bytes: number, unit: ByteUnit): 0 | 1 {
  return unit.bytes > 1 && bytes / unit.bytes < 99.95 ? 1 : 0
}

/** `1 byte`, `512 bytes`, `1.2 kB`, `5 MB`, `340 GB`. `tag`: the language, as in BCP 47. */
export function byteSize(bytes: number, tag = 'en'): string {
  const power = powerOf(bytes)
  const digits = byteDecimals(bytes, byteUnit(bytes))
  const key = `${power} ${digits} ${tag}`
  let format = formats.get(key)
  if (format === undefined) {
    // To make a format takes longer than to use it, and a list of files shows many sizes.
    format = new Intl.NumberFormat(tag, {
      style: 'unit',
      unit: unitAt(power).name,
      unitDisplay: power === 0 ? 'long' : 'short',
      maximumFractionDigits: digits,
    })
    formats.set(key, format)
  }
  return format.format(bytes / 1000 ** power)
}

function powerOf(bytes: number): number {
  let power = 0
  while (power < units.length - 1 && bytes / 1000 ** power >= (power === 0 ? 1000 : 999.5)) power += 1
  return power
}

function unitAt(power: number): (typeof units)[number] {
  return units[power] ?? units[0]
}
