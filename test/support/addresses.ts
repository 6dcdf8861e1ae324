/** Parts of an address that tests need. */
import assert from 'node:assert/strict'
import { parseAddress } from '../../protocol/address/address.ts'

/** The TCP port of a multiaddr; without one, the test fails. */
export function portOf(address: string | undefined): number {
  return parseAddress(address ?? '')?.port || assert.fail(`no port in ${address}`)
}
