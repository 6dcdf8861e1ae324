/**
 * A name in an address that another peer told may resolve to any address, and to another one a moment later. So the
 * name is resolved first, the rules are asked about the result, and plain TCP is dialled at the very address that they
 * were asked about. WebSocket needs the name (for its host and its certificate), so there it is resolved once more.
 */
import { lookup } from 'node:dns/promises'
import { isPlainTcp, parseAddress } from '../address/address.ts'
import { onAbort } from '../base/abort-listener.ts'
import { toError, type QuorumError } from '../base/errors.ts'

/**
 * The address to dial instead of `address`. Errors: what `refuses` returns for one of the addresses behind the name,
 * and those of the resolver.
 */
export async function resolved(
  address: string,
  refuses: (address: string) => QuorumError | undefined,
  signal: AbortSignal,
): Promise<string> {
  const { family, host = '' } = parseAddress(address) ?? {}
  if (family !== 'dns') return address
  const only = /^\/dns([46])\//.exec(address)?.[1]
  const over = Promise.withResolvers<never>()
  using _ = onAbort(signal, () => over.reject(toError(signal.reason)))
  const found = await Promise.race([lookup(host, { all: true, family: Number(only ?? 0) }), over.promise])
  const all = found.map((one) => address.replace(/^\/dns[46]?\/[^/]+/, `/ip${one.family}/${one.address}`))
  const refusal = all.map(refuses).find((one) => one !== undefined)
  if (refusal !== undefined) throw refusal
  return isPlainTcp(address) ? (all[0] ?? address) : address
}
