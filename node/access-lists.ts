/**
 * Who may use the node, as files of the operator: one list of those whom it refuses (`--block`), one of the only ones
 * whom it accepts (`--allow`). One entry a line: a PeerId, an IP address, or a network in CIDR notation. A block wins
 * over an allowance. The files are read at the start and when the operator asks for it; a list with a mistake is never
 * applied, not even in part.
 */
import { BlockList, isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { readBounded } from '#bounded-file'
import { isPeerId, toError } from '#protocol'
import { nodeLimits } from './limits.ts'

/** Absolute paths. */
export interface AccessFiles {
  block?: string | undefined
  allow?: string | undefined
}

interface AccessList {
  peers: ReadonlySet<string>
  networks: Networks
}

/** Apart: a BlockList takes an IPv4 address for one of IPv6, too, so that ::/0 would be everybody. */
type Networks = Readonly<Record<'ipv4' | 'ipv6', BlockList>>

export class AccessLists {
  readonly #files: AccessFiles
  #block: AccessList | undefined
  #allow: AccessList | undefined

  /** Errors: a sentence with the option, the file, and the line and what is wrong with it. */
  constructor(files: AccessFiles) {
    this.#files = files
    const [problem] = this.reread()
    if (problem !== undefined) throw new Error(`${problem.option} ${problem.file}: ${problem.why}`)
  }

  /** Whether any file is given. */
  get given(): boolean {
    return this.#files.block !== undefined || this.#files.allow !== undefined
  }

  admits(peer: string, address: string): boolean {
    if (this.#block !== undefined && includes(this.#block, peer, address)) return false
    return this.#allow === undefined || includes(this.#allow, peer, address)
  }

  /** Reads the files again. Returns what is wrong with which: those lists stay as they were. */
  reread(): { option: string; file: string; why: string }[] {
    const problems: { option: string; file: string; why: string }[] = []
    const read = (option: string, file: string | undefined, before: AccessList | undefined, mayBeEmpty: boolean) => {
      if (file === undefined) return undefined
      try {
        return parseList(readBounded(file, nodeLimits.accessFile), mayBeEmpty)
      } catch (error) {
        problems.push({ option, file, why: toError(error).message })
        return before
      }
    }
    this.#block = read('--block', this.#files.block, this.#block, true)
    this.#allow = read('--allow', this.#files.allow, this.#allow, false)
    return problems
  }
}

function includes({ peers, networks }: AccessList, peer: string, address: string): boolean {
  if (peers.has(peer)) return true
  if (!ipaddr.isValid(address)) return false
  // An IPv4 client of an IPv6 socket is shown as ::ffff:192.0.2.1.
  const ip = ipaddr.process(address)
  return networks[ip.kind()].check(ip.toString(), ip.kind())
}

/** `#` begins a comment. Errors: `line 3: …`; an empty list where one must not be. */
function parseList(text: string, mayBeEmpty: boolean): AccessList {
  const peers = new Set<string>()
  const networks = { ipv4: new BlockList(), ipv6: new BlockList() }
  let entries = 0
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const entry = line.replace(/#.*/, '').trim()
    if (entry === '') continue
    entries += 1
    const wrong = entries > nodeLimits.accessEntries ? tooMany : addEntry(entry, peers, networks)
    if (wrong !== undefined) throw new Error(`line ${index + 1}: ${wrong}`)
  }
  // A file that an editor or a full disk has just emptied would lock everybody out.
  if (entries === 0 && !mayBeEmpty) throw new Error('it has no entry, so nobody could use the node')
  return { peers, networks }
}

const tooMany = `a list has at most ${nodeLimits.accessEntries} entries`

/** Returns what is wrong with the entry. */
function addEntry(entry: string, peers: Set<string>, networks: Networks): string | undefined {
  const [host = '', bits, ...rest] = entry.split('/')
  // Stricter than ipaddr.js, which reads 10 and 0x7f.1 as addresses.
  if (isIP(host) === 0 || rest.length > 0) {
    if (isPeerId(entry)) return void peers.add(entry)
    return `"${shown(entry)}" is no PeerId, IP address or network in CIDR notation`
  }
  const ip = ipaddr.parse(host)
  if (ip instanceof ipaddr.IPv6 && (ip.zoneId !== undefined || ip.isIPv4MappedAddress())) {
    return `"${shown(entry)}" has a zone, or is an IPv4 address in IPv6 notation: write the address alone`
  }
  const longest = ip.kind() === 'ipv4' ? 32 : 128
  const prefix = bits === undefined ? longest : Number(bits)
  if ((bits !== undefined && !/^\d{1,3}$/.test(bits)) || prefix > longest) {
    return `"${shown(entry)}" has a prefix that is no number from 0 to ${longest}`
  }
  const network = ipaddr[ip.kind() === 'ipv4' ? 'IPv4' : 'IPv6'].networkAddressFromCIDR(`${host}/${prefix}`)
  if (network.toString() !== ip.toString()) {
    return `"${shown(entry)}" has bits beyond its prefix: the network is ${network.toString()}/${prefix}`
  }
  networks[ip.kind()].addSubnet(network.toString(), prefix, ip.kind())
}

/** Of a line that may be anything. */
function shown(entry: string): string {
  return entry.length > 80 ? `${entry.slice(0, 80)}…` : entry
}
