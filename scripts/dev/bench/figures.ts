/** From many measurements to the few figures that are printed. */

/** Half of the times are at most `p50`, 99 of 100 at most `p99`; milliseconds. */
export interface Times {
  p50: number
  p99: number
}

/** Errors: `RangeError` for no times at all. */
export function timesOf(milliseconds: readonly number[]): Times {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  const at = (share: number): number => {
    const found = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]
    if (found == null) throw new RangeError('Nothing was measured')
    return found
  }
  return { p50: rounded(at(0.5)), p99: rounded(at(0.99)) }
}

/** Three significant digits: more would be noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3))
}

export function mebibytes(bytes: number): number {
  return rounded(bytes / 1024 / 1024)
}

export function kibibytes(bytes: number): number {
  return rounded(bytes / 1024)
}
