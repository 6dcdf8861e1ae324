/** The key of a rate limit by address. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { multiaddr } from '@multiformats/multiaddr'
import { quotaKey } from '../../../protocol/address/quota-key.ts'

const cases: Record<string, string> = {
  '/ip4/192.0.2.1/tcp/4001': '192.0.2.1',
  '/ip6/2001:db8:1:2:3:4:5:6/tcp/4001': '2001:db8:1:2',
  '/ip6/2001:db8:1:2::/tcp/4001': '2001:db8:1:2',
  '/ip6/2001:db8::1/tcp/4001': '2001:db8:0:0',
  '/ip6/::1/tcp/4001': '0:0:0:0',
  '/ip6/2001:db8::3:4:5:6/tcp/4001': '2001:db8:0:0',
  '/ip6/::ffff:192.0.2.1/tcp/4001': '192.0.2.1',
  '/dns4/example.org/tcp/4001': 'unknown',
}

for (const [address, host] of Object.entries(cases)) {
  test(`${address} counts as ${host}`, () => {
    assert.equal(quotaKey(multiaddr(address)), host)
  })
}
