/** What counts as another network, and as sleep. No test waits: the test provides clocks, interfaces and timer. */
import assert from 'node:assert/strict'
import type os from 'node:os'
import { test } from 'node:test'
import { pathLimits } from '../../../protocol/paths/limits.ts'
import { NetworkWatch, type NetworkChange } from '../../../protocol/paths/network-change.ts'

type Interfaces = ReturnType<typeof os.networkInterfaces>

const networkInterface = (address: string, internal = false): os.NetworkInterfaceInfo => ({
  address,
  internal,
  ...(address.includes(':')
    ? { family: 'IPv6', scopeid: 0, netmask: 'ffff:ffff:ffff:ffff::', cidr: `${address}/64` }
    : { family: 'IPv4', netmask: '255.255.255.0', cidr: `${address}/24` }),
  mac: '02:00:00:00:00:01',
})

/** A watch and its world: `pass` advances both clocks, then lets the watch check. */
function world(first: Interfaces) {
  const changes: NetworkChange[] = []
  const timers = new Set<() => void>()
  let [wall, steady, interfaces] = [1_800_000_000_000, 5, first]
  const watch = new NetworkWatch({
    onChange: (cause) => changes.push(cause),
    now: () => wall,
    monotonic: () => steady,
    interfaces: () => interfaces,
    every: (check, ms) => {
      assert.equal(ms, pathLimits.networkPoll)
      timers.add(check)
      return () => timers.delete(check)
    },
  })
  watch.start()
  return {
    watch,
    changes,
    timers,
    become: (next: Interfaces) => void (interfaces = next),
    pass: (wallMs = pathLimits.networkPoll, steadyMs = wallMs) => {
      wall += wallMs
      steady += steadyMs
      for (const check of timers) check()
    },
  }
}

const cable = { eth0: [networkInterface('192.0.2.7'), networkInterface('2001:db8::7')] }

test('another address is a change, reported once; the same in another order is none', () => {
  const { changes, become, pass } = world(cable)
  pass()
  become({ eth0: cable.eth0.toReversed() })
  pass()
  assert.deepEqual(changes, [])
  become({ ...cable, wlan0: [networkInterface('198.51.100.4')] })
  pass()
  pass()
  assert.deepEqual(changes, ['addresses'])
  become({ wlan0: [networkInterface('198.51.100.4')] })
  pass()
  become({})
  pass()
  assert.deepEqual(changes, ['addresses', 'addresses', 'addresses'])
})

test('loopback and link-local addresses are ignored', () => {
  const { changes, become, pass } = world(cable)
  become({
    ...cable,
    lo: [networkInterface('127.0.0.1', true)],
    veth1: [networkInterface('fe80::1')],
    veth2: [networkInterface('169.254.9.9')],
  })
  pass()
  assert.deepEqual(changes, [])
})

test('sleep is a wall clock that ran ahead, or a check that came late', () => {
  const { changes, pass } = world(cable)
  pass(3_600_000, pathLimits.networkPoll)
  assert.deepEqual(changes, ['sleep'])
  pass(3_600_000, 3_600_000)
  assert.deepEqual(changes, ['sleep', 'sleep'])
  pass()
  pass(pathLimits.networkPoll + pathLimits.sleepNoticed, pathLimits.networkPoll)
  assert.equal(changes.length, 2)
})

test('a clock that is set back, or a busy process, is not sleep', () => {
  const { changes, pass } = world(cable)
  pass(-3_600_000, pathLimits.networkPoll)
  pass(pathLimits.networkPoll + pathLimits.sleepNoticed)
  assert.deepEqual(changes, [])
})

test('waking up in another network is one change', () => {
  const { changes, become, pass } = world(cable)
  become({ wlan0: [networkInterface('198.51.100.4')] })
  pass(3_600_000, pathLimits.networkPoll)
  assert.deepEqual(changes, ['sleep'])
})

test('a stopped watch checks no more, and compares with the state at its next start', () => {
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
