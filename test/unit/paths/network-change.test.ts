/** What counts as another network, and as sleep. No test waits: the clocks, the interfaces and the timer are its own. */
import assert from 'node:assert/strict'
import type os from 'node:os'
import { test } from 'node:test'
import { pathLimits } from '../../../protocol/paths/limits.ts'
import { NetworkWatch, type NetworkChange } from '../../../protocol/paths/network-change.ts'

type Interfaces = ReturnType<typeof os.networkInterfaces>

const told = (address: string, internal = false): os.NetworkInterfaceInfo => ({
  address,
  internal,
  ...(address.includes(':')
    ? { family: 'IPv6', scopeid: 0, netmask: 'ffff:ffff:ffff:ffff::', cidr: `${address}/64` }
    : { family: 'IPv4', netmask: '255.255.255.0', cidr: `${address}/24` }),
  mac: '02:00:00:00:00:01',
})

/** A watch and its world: `pass` lets time pass on both clocks, then looks. */
function world(first: Interfaces) {
  const changes: NetworkChange[] = []
  const timers = new Set<() => void>()
  let [wall, steady, interfaces] = [1_800_000_000_000, 5, first]
  const watch = new NetworkWatch({
    onChange: (cause) => changes.push(cause),
    now: () => wall,
    monotonic: () => steady,
    interfaces: () => interfaces,
    every: (look, ms) => {
      assert.equal(ms, pathLimits.networkLook)
      timers.add(look)
      return () => timers.delete(look)
    },
  })
  watch.start()
  return {
    watch,
    changes,
    timers,
    become: (next: Interfaces) => void (interfaces = next),
    pass: (wallMs = pathLimits.networkLook, steadyMs = wallMs) => {
      wall += wallMs
      steady += steadyMs
      for (const look of timers) look()
    },
  }
}

const cable = { eth0: [told('192.0.2.7'), told('2001:db8::7')] }

test('another address is a change, told once; the same in another order is none', () => {
  const { changes, become, pass } = world(cable)
  pass()
  become({ eth0: cable.eth0.toReversed() })
  pass()
  assert.deepEqual(changes, [])
  become({ ...cable, wlan0: [told('198.51.100.4')] })
  pass()
  pass()
  assert.deepEqual(changes, ['addresses'])
  become({ wlan0: [told('198.51.100.4')] })
  pass()
  become({})
  pass()
  assert.deepEqual(changes, ['addresses', 'addresses', 'addresses'])
})

test('loopback and link-local addresses mean nothing', () => {
  const { changes, become, pass } = world(cable)
  become({ ...cable, lo: [told('127.0.0.1', true)], veth1: [told('fe80::1')], veth2: [told('169.254.9.9')] })
  pass()
  assert.deepEqual(changes, [])
})

test('sleep is a wall clock that ran ahead, or a look that came late', () => {
  const { changes, pass } = world(cable)
  pass(3_600_000, pathLimits.networkLook)
  assert.deepEqual(changes, ['sleep'])
  pass(3_600_000, 3_600_000)
  assert.deepEqual(changes, ['sleep', 'sleep'])
  pass()
  pass(pathLimits.networkLook + pathLimits.sleepNoticed, pathLimits.networkLook)
  assert.equal(changes.length, 2)
})

test('a clock that is put back, or a busy process, is no sleep', () => {
  const { changes, pass } = world(cable)
  pass(-3_600_000, pathLimits.networkLook)
  pass(pathLimits.networkLook + pathLimits.sleepNoticed)
  assert.deepEqual(changes, [])
})

test('waking up somewhere else is one change', () => {
  const { changes, become, pass } = world(cable)
  become({ wlan0: [told('198.51.100.4')] })
  pass(3_600_000, pathLimits.networkLook)
  assert.deepEqual(changes, ['sleep'])
})

test('a watch that is stopped looks no more, and starts again with what is there then', () => {
  const { watch, changes, timers, become, pass } = world(cable)
  watch.start()
  assert.equal(timers.size, 1)
  watch.stop()
  watch.stop()
  assert.equal(timers.size, 0)
  become({})
  watch.start()
  pass()
  assert.deepEqual(changes, [])
})
