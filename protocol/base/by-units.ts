/** For `sort`: by UTF-16 units, the same on every machine and in every language. */
export function byUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
