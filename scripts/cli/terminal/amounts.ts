/**
 * Progress, speed and remaining time as people read them. Pure, and without colours. A value that changes while it is
 * on the screen keeps its width. The units are those of byte-size.ts in protocol/base/.
 */
import { byteDecimals, byteUnit } from '#byte-size'

/** The most cells that a speed takes, and that a remaining time takes. */
export const speedCells = '999 MB/s'.length
export const leftCells = 'about 59 minutes left'.length

const minute = 60
const hour = 60 * minute
const day = 24 * hour

/**
 * How much of a whole is done, both in the unit of the whole: ` 1.2 of 12.3 GB`. The width stays the same from start to
 * end. The part is rounded down, so it equals the whole only when all of it is done.
 */
export function partOf(done: number, whole: number): string {
  const unit = byteUnit(whole)
  const decimals = byteDecimals(whole, unit)
  const total = (whole / unit.bytes).toFixed(decimals)
  const scale = 10 ** decimals
  const part = done >= whole ? total : (Math.floor((done / unit.bytes) * scale) / scale).toFixed(decimals)
  return `${part.padStart(total.length)} of ${total} ${unit.symbol}`
}

/** `34 MB/s`. Never in bytes: below 1 kB/s in tenths of it. At most `speedCells` wide. */
export function speedOf(bytesPerSecond: number): string {
  const unit = byteUnit(Math.max(bytesPerSecond, 1000))
  const decimals = bytesPerSecond / unit.bytes < 9.95 ? 1 : 0
  return `${(bytesPerSecond / unit.bytes).toFixed(decimals)} ${unit.symbol}/s`
}

/** The remaining time, in steps so coarse that the text does not flicker. At most `leftCells` wide. */
export function leftOf(seconds: number): string {
  if (seconds < 5) return 'a few seconds left'
  if (seconds < 55) return `${Math.ceil(seconds / 5) * 5} s left`
  if (seconds < 59.5 * minute) return `about ${plural(Math.round(seconds / minute), 'minute')} left`
  if (seconds < 23.5 * hour) return `about ${plural(Math.round(seconds / hour), 'hour')} left`
  if (seconds < 6.5 * day) return `about ${plural(Math.round(seconds / day), 'day')} left`
  return 'more than a week left'
}

/** `1 file`, `12 files`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
