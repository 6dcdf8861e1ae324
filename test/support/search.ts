/** Searches captured bytes for words, in every encoding in which a program may have stored them. */

/** Which of `words` is in `bytes` as UTF-8, UTF-16, hexadecimal or Base64 (at any position in a longer text). */
export function wordsIn(bytes: Buffer, words: readonly string[]): string[] {
  return words.filter((word) => forms(word).some((form) => bytes.includes(form)))
}

function forms(word: string): Buffer[] {
  const utf8 = Buffer.from(word)
  const utf16 = Buffer.from(word, 'utf16le')
  return [utf8, utf16, Buffer.from(utf16).swap16()].flatMap((bytes) => [bytes, ...written(bytes)])
}

function written(bytes: Buffer): Buffer[] {
  const hex = bytes.toString('hex')
  return [hex, hex.toUpperCase(), ...base64(bytes, 'base64'), ...base64(bytes, 'base64url')].map((text) =>
    Buffer.from(text),
  )
}

/**
 * Base64 encodes three bytes as four characters, so there are three alignments. Characters that depend on adjacent
 * bytes are cut off.
 */
function base64(bytes: Buffer, encoding: 'base64' | 'base64url'): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString(encoding)
      .replace(/=+$/, '')
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.byteLength) * 8) / 6))
  })
}
