/**
 * Damages one field of a protobuf message, nested ones too, and writes the lengths around it anew: bytes that are
 * damaged anywhere are seldom a message at all, and what checks its fields would hardly run.
 */

interface Field {
  tag: Uint8Array
  /** With a length (wire type 2): what follows the length; otherwise the value as it is. */
  content: Uint8Array
  delimited: boolean
}

/** `below(n)`: a random number under n. `numbers`: values to set. Undefined for bytes that are no message. */
export function withEditedField(
  bytes: Uint8Array,
  below: (bound: number) => number,
  numbers: readonly number[],
): Uint8Array | undefined {
  const fields = fieldsOf(bytes)
  if (fields === undefined || fields.length === 0) return undefined
  const at = below(fields.length)
  const field = fields[at]
  if (field === undefined) return undefined
  switch (below(8)) {
    case 0:
      fields.splice(at, 1)
      break
    case 1:
      fields.splice(below(fields.length + 1), 0, ...Array.from({ length: 1 + below(20) }, () => field))
      break
    default:
      fields[at] = { ...field, content: changed(field, below, numbers) }
  }
  return Buffer.concat(fields.map(encoded))
}

function changed(
  { content, delimited }: Field,
  below: (bound: number) => number,
  numbers: readonly number[],
): Uint8Array {
  if (!delimited) return varint(BigInt(numbers[below(numbers.length)] ?? 0))
  const nested = below(4) > 0 ? withEditedField(content, below, numbers) : undefined
  if (nested !== undefined) return nested
  const copy = Buffer.from(content)
  const at = below(copy.byteLength + 1)
  switch (below(5)) {
    case 0:
      return copy.subarray(0, at)
    case 1:
      return Buffer.concat([copy, Buffer.alloc((numbers[below(numbers.length)] ?? 0) % 1024, 0x61 + below(26))])
    case 2:
      return Buffer.concat([copy.subarray(0, at), Buffer.from([below(256)]), copy.subarray(at)])
    default:
      if (at < copy.byteLength) copy[at] = below(2) === 0 ? below(256) : (copy[at] ?? 0) ^ (1 << below(8))
      return copy
  }
}

function fieldsOf(bytes: Uint8Array): Field[] | undefined {
  const fields: Field[] = []
  for (let at = 0; at < bytes.byteLength;) {
    const begin = at
    const kind = (bytes[at] ?? 0) & 7
    at = endOfVarint(bytes, at)
    const tag = bytes.subarray(begin, at)
    const value = at
    if (kind === 0) at = endOfVarint(bytes, at)
    else if (kind === 1) at += 8
    else if (kind === 5) at += 4
    else if (kind !== 2) return undefined
    else {
      at = endOfVarint(bytes, at)
      const length = bytes.subarray(value, at).reduceRight((sum, byte) => sum * 128 + (byte & 0x7f), 0)
      const content = bytes.subarray(at, at + length)
      if (content.byteLength < length) return undefined
      fields.push({ tag, content, delimited: true })
      at += length
      continue
    }
    if (at > bytes.byteLength) return undefined
    fields.push({ tag, content: bytes.subarray(value, at), delimited: false })
  }
  return fields
}

function endOfVarint(bytes: Uint8Array, at: number): number {
  let end = at
  while ((bytes[end] ?? 0) >= 0x80) end += 1
  return end + 1
}

function encoded({ tag, content, delimited }: Field): Uint8Array {
  return Buffer.concat([tag, delimited ? varint(BigInt(content.byteLength)) : new Uint8Array(), content])
}

export function varint(number: bigint): Uint8Array {
  const bytes: number[] = []
  let left = number
  do {
    bytes.push(Number(left & 0x7fn) | (left > 0x7fn ? 0x80 : 0))
    left >>= 7n
  } while (left > 0n)
  return Uint8Array.from(bytes)
}
