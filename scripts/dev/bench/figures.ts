/** Reduces many measurements to the few figures that are printed. */

/** Percentiles in milliseconds: half of the times are at most `p50`, 99 of 100 at most `p99`. */
export interface Times {
  p50: number
  p99: number
}

/** Errors: `RangeError` if there are no times. */
export function timesOf(milliseconds: readonly number[]): Times {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  const at = (share: number): number => {
    const found = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]
    if (found === undefined) throw new RangeError('Nothing was measured')
    return found
  }
  return { p50: rounded(at(0.5)), p99: rounded(at(0.99)) }
}

/** To three significant digits: further digits are noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3))
}

export function mebibytes(bytes: number): number {
  return rounded(bytes / 1024 / 1024)
}

export function kibibytes(bytes: number): number {
  return rounded(bytes / 1024)
}
