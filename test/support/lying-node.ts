/** A lying node: an attacker with the directory protocol whose answers and pushes the test decides. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { toError } from '../../protocol/base/errors.ts'
import { directoryProtocol } from '../../protocol/net/policy.ts'
import {
  frameToWire,
  requestFromWire,
  type DirectoryCall,
  type DirectoryAnswer,
} from '../../protocol/wire/directory.ts'
import { Line, startAttacker, type Attacker } from './attacker.ts'
import { loopback } from './network.ts'

export interface LyingNode extends Attacker {
  /** With its PeerId. */
  address: string
  /** Sessions so far. */
  sessions: Line[]
  calls: DirectoryCall[]
}

/** Its answer to a call; `undefined`: it never answers. */
export type Answer = (call: DirectoryCall, id: number, line: Line) => DirectoryAnswer | undefined

/** Answers like an honest node without any record. */
export function honestly(call: DirectoryCall): DirectoryAnswer {
  switch (call.call) {
    case 'announce':
      return { result: 'announced', observedAddress: '/ip4/127.0.0.1/tcp/1', time: Date.now(), nodeAddresses: [] }
    case 'lookup':
    case 'lookupHandle':
      return { result: 'found', connected: false, age: 0 }
    case 'deliver':
      return { result: 'delivered', pushed: false }
    case 'findInvite':
      return { result: 'foundInvite', sealed: new Uint8Array() }
    case 'reachable':
      return { result: 'reachability', reachable: false, observedAddress: '/ip4/127.0.0.1/tcp/1' }
    case 'expect':
      return { result: 'present', peers: [] }
    case 'collected':
    case 'knowledge':
    case 'forget':
    case 'postInvite':
      return { result: 'done' }
  }
}

export async function startLyingNode(
  t: TestContext,
  answer: Answer,
  begin: (line: Line) => void = () => {},
): Promise<LyingNode> {
  const attacker = await startAttacker(t, undefined, [loopback])
  const sessions: Line[] = []
  const calls: DirectoryCall[] = []
  await attacker.host.handle(
    directoryProtocol,
    async (stream) => {
      const line = new Line(stream)
      sessions.push(line)
      begin(line)
      for (let at = 0; ; at++) {
        const bytes = await line.next(at)
        if (bytes == null) return
        const { id, call } = requestFromWire(bytes)
        if (call == null) continue
        calls.push(call)
        const result = answer(call, id, line)
        if (result == null) continue
        await line.send(frameToWire({ frame: 'response', id, result })).catch((error: unknown) => {
          stream.abort(toError(error))
        })
      }
    },
    { maxInboundStreams: 100 },
  )
  const address = attacker.host.getMultiaddrs()[0]?.toString() ?? assert.fail('the lying node does not listen')
  return { ...attacker, address, sessions, calls }
}
