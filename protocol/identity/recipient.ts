/**
 * Who a person means, by what they type or paste: an invite link, a code, a PeerId or a handle, with whatever a mail, a
 * chat or a sentence put around it. What looks like a code and is none is refused and never taken for a handle: a node
 * that is asked for it would learn most of the code, and its owner would be somebody else.
 */
import { unseen } from '../base/foreign-text.ts'
import { limits } from '../base/limits.ts'
import { QuorumError } from '../base/errors.ts'
import { publicKeyOf } from './identity.ts'
import { codeFault, inviteFromLink, looksLikeCode, parseCode, scheme, type Invite } from './invite-link.ts'

export type Recipient =
  | { kind: 'invite'; invite: Invite }
  | { kind: 'code'; code: string }
  | { kind: 'peer'; peer: string }
  | { kind: 'handle'; handle: string }

const linkStart = /quorum:(?:\/\/)?add\//giu
const payload = /[\w-]+/uy
/** Inside a link that was wrapped: white space, the marks of a quotation, `=` of quoted-printable, `\` of Markdown. */
const wrapping = /[\s>|=\\]+/uy
const peerId = /12D3Koo[1-9A-HJ-NP-Za-km-z]*/u
/** A code within a sentence. */
const dashedCode = /(?<![0-9a-z])[0-9a-z]{5}[\p{Pd}\u2212][0-9a-z]{5}(?![0-9a-z])/giu
const label = /^[\p{L}\s]{1,40}:\s*(?=\S)/u
/** Not the characters that a handle may have. */
const around = String.raw`[\s"'\u2018-\u201f\xab\xbb\u2039\u203a\x60()[\]{}<>*!?,;:\u2026]+`
const surroundings = new RegExp(`^${around}|${around}$`, 'gu')
const invisible = new RegExp(`(?![\\t\\n\\v\\f\\r\\u2028\\u2029])[${unseen}]`, 'gu')

/** Errors: `bad-invite` for a damaged link or code, `bad-request` for text that is none of the four. */
export function parseRecipient(text: string): Recipient {
  const plain = readable(text)
  const invite = inviteIn(plain)
  if (invite !== undefined) return { kind: 'invite', invite }
  const [peer] = peerId.exec(plain) ?? []
  if (peer !== undefined) {
    publicKeyOf(peer)
    return { kind: 'peer', peer }
  }
  const bare = plain.replaceAll(surroundings, '')
  const unlabelled = bare.replace(label, '')
  const code = parseCode(bare) ?? parseCode(unlabelled) ?? codeIn(plain)
  if (code !== undefined) return { kind: 'code', code }
  if (looksLikeCode(unlabelled)) {
    const handle = unlabelled === bare ? ` If it is a handle, type @${bare}` : ''
    throw new QuorumError(
      'bad-invite',
      `That looks like a code, but ${codeFault(unlabelled)}: check it, or ask for the link.${handle}`,
    )
  }
  const handle = bare.replace(/^@/u, '').toLowerCase()
  if (limits.handlePattern.test(handle)) return { kind: 'handle', handle }
  throw new QuorumError('bad-request', 'That is not an invite link, a code, a PeerId or a handle')
}

/** Full-width letters as ordinary ones, without invisible characters; percent signs and soft line breaks decoded. */
function readable(text: string): string {
  const plain = text
    .normalize('NFKC')
    .replaceAll(invisible, '')
    .replaceAll(/=\r?\n/gu, '')
  if (!/quorum%3a/iu.test(plain)) return plain
  return plain.replaceAll(/%([2-7][0-9a-f])/giu, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
}

/** The first valid invite in `text`. Errors: `bad-invite` if there are links, and none of them is valid. */
function inviteIn(text: string): Invite | undefined {
  let damaged: QuorumError | undefined
  for (const { 0: start, index } of text.matchAll(linkStart)) {
    for (const candidate of payloadsAt(text, index + start.length)) {
      try {
        return inviteFromLink(scheme + candidate)
      } catch (error) {
        if (!(error instanceof QuorumError)) throw error
        damaged ??= error
      }
    }
    damaged ??= new QuorumError('bad-invite', 'That invite link is not complete: ask for it again')
  }
  if (damaged !== undefined) throw damaged
  return undefined
}

/**
 * What may be the rest of a link: what stands at `at`, then that with the next piece of a wrapped line, and so on. Only
 * the signature tells where a wrapped link ends and the sentence goes on.
 */
function* payloadsAt(text: string, at: number): Generator<string> {
  let joined = ''
  for (let end = at; joined.length < limits.inviteLink;) {
    payload.lastIndex = end
    const [piece] = payload.exec(text) ?? []
    if (piece === undefined) return
    joined += piece
    yield joined
    wrapping.lastIndex = end + piece.length
    const [between] = wrapping.exec(text) ?? []
    if (between === undefined) return
    end += piece.length + between.length
  }
}

function codeIn(text: string): string | undefined {
  for (const [token] of text.matchAll(dashedCode)) {
    const code = parseCode(token)
    if (code !== undefined) return code
  }
  return undefined
}
