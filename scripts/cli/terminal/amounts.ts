/**
 * Sizes, speeds and times left as people read them: decimal units as on a disk's label, calm words for how long
 * something takes. Pure, and without colours. What changes while it is on the screen keeps its width.
 */

const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const
const step = 1000

/** Cells that a speed takes, and the longest time left. */
export const speedCells = '999 MB/s'.length
export const leftCells = 'about 59 minutes left'.length

const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** `1 byte`, `512 bytes`, `1.2 kB`, `340 MB`. */
export function sizeOf(bytes: number): string {
  if (bytes === 1) return '1 byte'
  const unit = unitOf(bytes)
  return `${inUnit(bytes, unit, decimalsOf(bytes, unit))} ${units[unit]}`
}

/**
 * How much of a whole is done, both in the unit of the whole: ` 1.2 of 12.3 GB`. As wide at the beginning as at the
 * end, and never as much as the whole before it is.
 */
export function partOf(done: number, whole: number): string {
  const unit = unitOf(whole)
  const decimals = decimalsOf(whole, unit)
  const total = inUnit(whole, unit, decimals)
  const scale = 10 ** decimals
  const reached = Math.floor((done / step ** unit) * scale) / scale
  const part = done >= whole ? total : reached.toFixed(decimals)
  return `${part.padStart(total.length)} of ${total} ${units[unit]}`
}

/** `34 MB/s`; below a kilobyte a second in tenths of one. At most `speedCells` wide. */
export function speedOf(bytesPerSecond: number): string {
  const unit = Math.max(1, unitOf(bytesPerSecond))
  const decimals = bytesPerSecond / step ** unit < 9.95 ? 1 : 0
  return `${inUnit(bytesPerSecond, unit, decimals)} ${units[unit]}/s`
}

/** How long it still takes, in steps so coarse that they do not flicker. At most `leftCells` wide. */
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

/** The largest unit of which there is one, after rounding: 999,960 bytes are 1.0 MB. */
function unitOf(bytes: number): number {
  let unit = 0
  while (unit < units.length - 1 && bytes / step ** unit >= (unit === 0 ? step : step - 0.5)) unit += 1
  return unit
}

function decimalsOf(bytes: number, unit: number): number {
  return unit > 0 && bytes / step ** unit < 99.95 ? 1 : 0
}

function inUnit(bytes: number, unit: number, decimals: number): string {
  return (bytes / step ** unit).toFixed(decimals)
}
