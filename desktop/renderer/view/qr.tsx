/** A QR code, drawn locally. Dark on white in both themes, because cameras read that best. */
import { useMemo } from 'react'
import { encode } from 'uqr'

export function Qr({ value, label }: { value: string; label: string }) {
  const { size, path } = useMemo(() => draw(value), [value])
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <path d={path} fill="#000000" />
    </svg>
  )
}

function draw(value: string): { size: number; path: string } {
  const { size, data } = encode(value, { ecc: 'L', border: 1 })
  let path = ''
  for (const [y, row] of data.entries()) {
    for (const [x, dark] of row.entries()) if (dark) path += `M${x} ${y}h1v1h-1z`
  }
  return { size, path }
}
