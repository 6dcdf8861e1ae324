/** The gateway, read from the routing table of the system. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultRoute } from '../../../protocol/net/nat/nat-pmp.ts'

test('the gateway is read from the routing table', () => {
  const table = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    '',
  ].join('\n')
  assert.equal(defaultRoute(table, 'eth0'), '192.168.2.1')
  assert.equal(defaultRoute(table, 'tun0'), undefined)
  assert.equal(defaultRoute(table, 'wlan0'), undefined)
  assert.equal(defaultRoute('', 'eth0'), undefined)
})
