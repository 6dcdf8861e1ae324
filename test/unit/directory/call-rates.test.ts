/** The rates of the directory that are not those of a call alone: what one recipient gets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CallRates } from '../../../protocol/directory/call-rates.ts'
import { directoryLimits } from '../../../protocol/directory/limits.ts'
import { change, hour } from '../../support/numbers.ts'

const many = 100
const deliver = (rates: CallRates, peer: string, address: string, to: string, fleeting: boolean): boolean => {
  try {
    rates.checkDelivery({ peer, address, network: address }, to, fleeting)
    return true
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, 'rate-limited')
    return false
  }
}

test('threats.md 67: however many identities an address has, what it sends to one recipient has a rate', (t) => {
  change(t, directoryLimits, {
    heldPushesPerAddress: { tokens: 5, per: hour },
    fleetingPerAddress: { tokens: 3, per: hour },
  })
  for (const [fleeting, most] of [
    [false, 5],
    [true, 3],
  ] as const) {
    const rates = new CallRates()
    const sent = Array.from({ length: many }, (_, n) => deliver(rates, `peer ${n}`, 'here', 'victim', fleeting))
    assert.equal(sent.filter(Boolean).length, most)
    // Others are not concerned: another recipient, another address.
    assert.ok(deliver(rates, 'peer 1', 'here', 'somebody else', fleeting))
    assert.ok(deliver(rates, 'friend', 'elsewhere', 'victim', fleeting))
  }
})

test('threats.md 85: what an address writes has a rate; each peer has a few besides, and others have theirs', (t) => {
  change(t, directoryLimits, {
    writesPerPeer: { tokens: 2, per: hour },
    writesPerAddress: { tokens: 5, per: hour },
  })
  const rates = new CallRates()
  const writes = (peer: string, network: string): number => {
    let written = 0
    for (let n = 0; n < many; n += 1) {
      try {
        // The narrower address changes: a customer has many of them.
        rates.checkWrite({ peer, address: `${network} ${n}`, network })
        written += 1
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, 'rate-limited')
      }
    }
    return written
  }
  assert.deepEqual([writes('one', 'here'), writes('two', 'here'), writes('one', 'here')], [7, 2, 0])
  assert.equal(writes('three', 'elsewhere'), 7)
})
