/**
 * The key of a backup as words that a person writes down: BIP-39, English, 24 words for 32 bytes. The last word has
 * eight bits of a checksum, so that most slips are found without the backup.
 */

import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { QuorumError, toError } from '../base/errors.ts'

const count = 24

/** The 24 words of 32 random bytes, separated by spaces. */
export function wordsOf(key: Uint8Array): string {
  return entropyToMnemonic(key, wordlist)
}

/**
 * The 32 bytes. Case, numbering and whatever else stands between the words do not matter. Errors: `wrong-passphrase`,
 * which never repeats a word; its `part`: `words-count`, `word-7` (the seventh is unknown) or `words-order`.
 */
export function keyFromWords(text: string): Buffer {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/\p{L}+/gu) ?? []
  if (words.length !== count) {
    const message = `A backup has ${count} words, and these are ${words.length}`
    throw new QuorumError('wrong-passphrase', message, { part: 'words-count' })
  }
  const unknown = words.findIndex((word) => !wordlist.includes(word))
  if (unknown >= 0) {
    const message = `Word ${unknown + 1} is none of the words that a backup can have`
    throw new QuorumError('wrong-passphrase', message, { part: `word-${unknown + 1}` })
  }
  try {
    return Buffer.from(mnemonicToEntropy(words.join(' '), wordlist))
  } catch (error) {
    const message = 'The 24 words do not belong together: one is another word, or two have changed places'
    throw new QuorumError('wrong-passphrase', message, { cause: toError(error), part: 'words-order' })
  }
}
