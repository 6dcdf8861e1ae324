/** Looks for words in captured bytes, in every form in which a program might have left them readable. */

/** Which of `words` is in `bytes` as UTF-8, UTF-16, hexadecimal or Base64 (wherever in a longer text it stood). */
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
 * Three bytes make four characters: the word may begin at any of the three. What depends on its neighbours is cut off.
 */
function base64(bytes: Buffer, encoding: 'base64' | 'base64url'): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString(encoding)
      .replace(/=+$/, '')
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.byteLength) * 8) / 6))
  })
}
