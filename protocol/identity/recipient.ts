/**
 * Who a person means, by what they type or paste: an invite link, a code, a PeerId or a handle, with whatever a mail, a
 * chat or a sentence put around it. What looks like a code and is none is refused and never taken for a handle: a node
 * that is asked for it would learn most of the code, and its owner would be somebody else. The same holds for a line in
 * which a note follows, since people write a code with a blank.
 */
import { asciiDigit } from '../base/folded-text.ts'
import { unseen } from '../base/foreign-text.ts'
import { limits } from '../base/limits.ts'
import { QuorumError } from '../base/errors.ts'
import { publicKeyOf } from './identity.ts'
import {
  codeFault,
  inviteFromLink,
  looksLikeCode,
  looksLikeHalf,
  looksLikeTwoGroups,
  parseCode,
  scheme,
  type Invite,
} from './invite-link.ts'

export type Recipient =
  | { kind: 'invite'; invite: Invite }
  | { kind: 'code'; code: string }
  | { kind: 'peer'; peer: string }
  | { kind: 'handle'; handle: string }

/** Also in an address that a program made of a link, and with the blanks and slashes that people and programs add. */
const linkStart = /(?:quorum:\s*[\\/]*|[\\/])add[\\/]+/giu
/** A code where the link of an invite would be. */
const codeAsLink = /quorum:[\\/]*(?:add[\\/]+)?([0-9a-z]{5}[\p{Pd}\u2212]?[0-9a-z]{5})(?![\w-])/iu
const payload = /[\w-]+/uy
/** What is left of a link whose beginning was not copied. */
const payloadAlone = /(?<![\w-])[\w-]{100,}/gu
/**
 * Inside a link that was wrapped: white space, the marks of a quotation or a comment, `=` of quoted-printable, `\` of
 * Markdown, the frame of a terminal, tags of HTML. And dashes that a program put in the place of hyphens.
 */
const wrapping = /(?:[\s>|=\\#*/\u2500-\u257f\u2010-\u2015\u2212]|<\/?[a-z][^<>]{0,100}>)+/iuy
/** A line that ends within a word. */
const lineBreak = /^\s*\n/u
const hyphens = /[\u2010-\u2012\u2212]/gu
const wideDashes = /[\u2013-\u2015]/gu
/** No longer than two PeerIds, since reading one takes quadratic time. */
const peerId = /12D3Koo[1-9A-HJ-NP-Za-km-z]{0,45}/u
/** A code within a sentence. */
const dashedCode = /(?<![0-9a-z])[0-9a-z]{5}[\p{Pd}\u2212][0-9a-z]{5}(?![0-9a-z])/giu
const label = /^[^\n:]{1,40}(?:(?<!\d):|:(?!\d))(?!\/\/)\s*(?=\S)/u
/** The end of a PeerId, as programs show it. */
const shortPeerId = /^\.{3}/u
/** Punctuation of all languages, and emoji. Not the characters that a handle may have, and those of addresses. */
const around = String.raw`[[\s\p{P}\p{S}]--[.@_\/\\\-]]`
/** At the end of a text they are looked for from the first of a row only: from each, it takes quadratic time. */
const surroundings = new RegExp(`^${around}+|(?<!${around})${around}+$`, 'gv')
const fullStops = /(?<!\.)\.+$/u
const invisible = new RegExp(`(?![\\t\\n\\v\\f\\r\\u2028\\u2029])[${unseen}]`, 'gu')

/** Errors: `bad-invite` for a damaged link or code, `bad-request` for text that is none of the four. */
export function parseRecipient(text: string): Recipient {
  const plain = readable(text)
  const isCode = codeAsLink.test(plain)
  const invite = isCode ? undefined : inviteIn(plain)
  if (invite !== undefined) return { kind: 'invite', invite }
  const [peer] = peerId.exec(plain) ?? []
  if (peer !== undefined) {
    publicKeyOf(peer)
    return { kind: 'peer', peer }
  }
  const bare = onceOnly(plain.replaceAll(surroundings, ''))
  const unlabelled = bare.replace(label, '')
  const code = parseCode(bare) ?? parseCode(unlabelled) ?? codeIn(plain) ?? parseCode(codeWithin(plain) ?? '')
  if (code !== undefined) return { kind: 'code', code }
  // The full stop is that of a sentence.
  const handle = (unlabelled.startsWith('@') ? unlabelled : bare).replace(/^@/u, '').replace(fullStops, '')
  const isHandle = limits.handlePattern.test(handle.toLowerCase()) && !shortPeerId.test(handle)
  if (looksLikeCode(unlabelled) || looksLikeHalf(unlabelled)) {
    const instead = unlabelled === bare && isHandle ? ` If it is a handle, type @${handle}` : ''
    const { clause, part } = codeFault(unlabelled)
    const message = `That looks like a code, but ${clause}: check it, or ask for the link.${instead}`
    throw new QuorumError('bad-invite', message, { part })
  }
  if (isHandle) return { kind: 'handle', handle: handle.toLowerCase() }
  throw new QuorumError('bad-request', 'That is not an invite link, a code, a PeerId or a handle')
}

/** The most words of which the recipient of a line can consist: a code, letter by letter, or a wrapped link. */
const recipientWords = 40
const marks = /^[\p{P}\p{S}]+$/u

/**
 * A typed line as a recipient and the note behind it; without a note, the whole line is the recipient. The recipient is
 * not checked: `parseRecipient` does. Errors: `bad-request` where a handle with a note could as well be a code.
 */
export function splitNote(line: string): { to: string; note: string } {
  const whole = { to: line.trim(), note: '' }
  // Pasted, and not typed: the recipient is somewhere in it.
  if (whole.to.includes('\n')) return whole
  const ends = [...whole.to.matchAll(/\S+/gu)].slice(0, recipientWords).map(({ 0: word, index }) => index + word.length)
  const until = (end: number | undefined): { to: string; note: string } =>
    end === undefined ? whole : { to: whole.to.slice(0, end), note: whole.to.slice(end).trim() }
  const link = ends.find((end) => hasLink(readable(whole.to.slice(0, end))))
  if (link !== undefined || /quorum:/iu.test(readable(whole.to))) return until(link)
  const [{ length: behindLabel } = ''] = label.exec(whole.to) ?? []
  const [first, ...others] = ends
    .filter((end) => end > behindLabel)
    .map((end) => ({ end, text: readable(whole.to.slice(behindLabel, end)).replaceAll(surroundings, '') }))
    .filter(({ text }) => text !== '')
  if (first === undefined || others.length === 0) return whole
  if (first.text.startsWith('@') || peerId.test(first.text) || looksLikeCode(first.text)) return until(first.end)
  const code =
    others.find(({ text }) => parseCode(text) !== undefined) ??
    others.find(({ text }) => /\d/u.test(codeIn(text) ?? ''))
  if (code !== undefined && /\d/u.test(code.text)) return until(code.end)
  const isHandle = limits.handlePattern.test(first.text.toLowerCase())
  if (!isHandle) return whole
  const second = others.find(({ end }) => !marks.test(whole.to.slice(first.end, end).trim())) ?? first
  // Not in a note to whoever has the first word as a handle.
  const noted = codeWithin(readable(whole.to.slice(first.end)))
  if (code !== undefined || noted !== undefined || looksLikeGroups(first.text, second.text)) {
    const [one, both] = [first.text, noted ?? (code ?? second).text]
    throw new QuorumError(
      'bad-request',
      `Is “${both}” a code, or is “${one}” a handle? Type a code with a dash and no blanks, and a handle as @${one}.`,
    )
  }
  return until(first.end)
}

/** Both words of `both`, of which `first` is one, are as those of a mistyped code: with digits, or in capitals. */
function looksLikeGroups(first: string, both: string): boolean {
  if ([first, both.slice(first.length)].every((word) => /\d/u.test(word) && /[a-z]/iu.test(word))) return true
  return looksLikeTwoGroups(both) && (/\d/u.test(both) || both === both.toUpperCase())
}

/** A code with a digit among other words, with a blank within or another sign. */
function codeWithin(text: string): string | undefined {
  const words = text.split(/\s+/u)
  return words
    .flatMap((word, index) => [word, `${word} ${words[index + 1] ?? ''}`])
    .map((part) => part.replaceAll(surroundings, ''))
    .find((part) => /\d/u.test(part) && /[a-z]/iu.test(part) && looksLikeTwoGroups(part) && parseCode(part))
}

/** A valid link, or a code in place of one. */
function hasLink(text: string): boolean {
  try {
    return codeAsLink.test(text) || inviteIn(text) !== undefined
  } catch (error) {
    if (error instanceof QuorumError) return false
    throw error
  }
}

/** Half of a text that was pasted twice, where that is a code or nearly one. */
function onceOnly(text: string): string {
  const half = text.slice(0, text.length / 2)
  return text === half + half && looksLikeCode(half) ? half : text
}

/**
 * Full-width letters and digits of other scripts as ordinary ones, without invisible characters; what stands for a
 * character in an address, in HTML, in JSON or in a mail is that character.
 */
function readable(text: string): string {
  let plain = text
    .normalize('NFKC')
    .replaceAll(invisible, '')
    .replaceAll(/\u20e3/gu, '')
    .replaceAll(/(?:=20)?=\r?\n/gu, '')
    .replaceAll(/=20(?=\r?\n)/gu, '')
    .replaceAll(/[^\P{Nd}0-9]/gu, asciiDigit)
    .replaceAll(/&#(?:x([0-9a-f]{1,5})|([0-9]{1,6}));/giu, (_, hex?: string, decimal?: string) =>
      characterOf(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)),
    )
    .replaceAll(/&(amp|lt|gt|quot|apos|nbsp|shy|hyphen|[mn]dash);/giu, (_, name: string) => entities[name] ?? ' ')
  // An address within the address of a page, and that within another one.
  for (let depth = 0; depth < 3 && percentSign.test(plain); depth += 1) {
    plain = plain.replaceAll(percentSigns, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
  }
  return plain
}

const percentSigns = /%([2-7][0-9a-f])/giu
const percentSign = /%[2-7][0-9a-f]/iu
const entities: { [name: string]: string } = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  shy: '',
  hyphen: '-',
  ndash: '–',
  mdash: '—',
}

function characterOf(point: number): string {
  const character = point <= 0x10ffff ? String.fromCodePoint(point) : ''
  return character.normalize('NFKC').replaceAll(invisible, '')
}

/** Texts that are tried as a link, of one that was pasted: many more than the lines of one that was wrapped. */
const mostTries = 1000

/** The first valid invite in `text`. Errors: `bad-invite` if there are links, and none of them is valid. */
function inviteIn(text: string): Invite | undefined {
  let damaged: QuorumError | undefined
  const tries = { left: mostTries }
  for (const { 0: start, index } of text.matchAll(linkStart)) {
    const found = inviteAt(text, index + start.length, tries)
    if (found instanceof QuorumError && /^quorum/iu.test(start)) damaged ??= found
    else if (!(found instanceof QuorumError)) return found
  }
  if (damaged !== undefined) throw damaged
  for (const { index } of text.matchAll(payloadAlone)) {
    const found = inviteAt(text, index, tries)
    if (!(found instanceof QuorumError)) return found
  }
  return undefined
}

/** The invite whose link goes on at `at`, or what is wrong with it. */
function inviteAt(text: string, at: number, tries: { left: number }): Invite | QuorumError {
  let damaged: QuorumError | undefined
  for (const wide of ['--', '-', '']) {
    for (const candidate of payloadsAt(text, at, wide)) {
      if (tries.left === 0) break
      tries.left -= 1
      try {
        return inviteFromLink(scheme + candidate)
      } catch (error) {
        if (!(error instanceof QuorumError)) throw error
        damaged ??= error
      }
    }
  }
  return damaged ?? new QuorumError('bad-invite', 'That invite link is not complete: ask for it again')
}

/**
 * What may be the rest of a link: what stands at `at`, then that with the next piece of a wrapped line, and so on; each
 * also without the marks of Markdown behind it. Only the signature tells where a wrapped link ends and the sentence
 * goes on. `wide`: what a wide dash stands for; if nothing, so does a hyphen at the end of a line.
 */
function* payloadsAt(text: string, at: number, wide: string): Generator<string> {
  let joined = ''
  for (let end = at; joined.length < limits.inviteLink;) {
    payload.lastIndex = end
    const [piece] = payload.exec(text) ?? []
    if (piece === undefined) return
    joined += piece
    yield joined
    if (/[_-]$/u.test(joined)) yield joined.replace(/[_-]+$/u, '')
    wrapping.lastIndex = end + piece.length
    const [between] = wrapping.exec(text) ?? []
    if (between === undefined) return
    const dashes = between.replaceAll(hyphens, '-').replaceAll(wideDashes, wide).replaceAll(/[^-]/gu, '')
    joined = wide === '' && lineBreak.test(between) ? joined.replace(/-$/u, '') : joined + dashes
    end += piece.length + between.length
  }
}

function codeIn(text: string): string | undefined {
  const [, alone] = codeAsLink.exec(text) ?? []
  if (alone !== undefined) return parseCode(alone)
  for (const [token] of text.matchAll(dashedCode)) {
    const code = parseCode(token)
    if (code !== undefined) return code
  }
  return undefined
}
