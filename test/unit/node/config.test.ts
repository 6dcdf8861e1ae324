/** The node's options: which source has priority, which values are refused, and the messages. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { readConfig } from '../../../node/config.ts'
import type { Invocation, NodeConfig } from '../../../node/config.ts'

function read(argv: string[] = [], more: Partial<Invocation> = {}) {
  return readConfig({ argv, env: {}, home: '/home/op', cwd: '/srv', ipv6: true, version: '1.2.3', ...more })
}

function started(argv: string[] = [], more: Partial<Invocation> = {}): NodeConfig {
  const instruction = read(argv, more)
  assert.equal(instruction.act, 'start', JSON.stringify(instruction))
  return instruction.act === 'start' ? instruction.config : assert.fail()
}

/** The one-line message for incorrect usage. */
function refused(argv: string[], more: Partial<Invocation> = {}): string {
  const instruction = read(argv, more)
  assert.equal(instruction.act, 'refuse', JSON.stringify(instruction))
  const message = instruction.act === 'refuse' ? instruction.message : ''
  assert.match(message, /^quorum-node: [^\n]+$/)
  return message
}

function configFile(t: TestContext, content: unknown): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quorum-config-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'node.json')
  fs.writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

test('without options the defaults apply', () => {
  assert.deepEqual(started(), {
    data: '/home/op/.local/share/quorum-node',
    listen: ['/ip4/0.0.0.0/tcp/4001', '/ip6/::/tcp/4001', '/ip4/0.0.0.0/tcp/4002/ws'],
    announce: [],
    behindProxy: false,
    http: { host: '127.0.0.1', port: 4003 },
    json: false,
    logLevel: 'info',
  })
})

test('a machine without IPv6 does not listen on it by default', () => {
  assert.deepEqual(started([], { ipv6: false }).listen, ['/ip4/0.0.0.0/tcp/4001', '/ip4/0.0.0.0/tcp/4002/ws'])
})

test('XDG_DATA_HOME moves the data folder, unless it is relative', () => {
  assert.equal(started([], { env: { XDG_DATA_HOME: '/data' } }).data, '/data/quorum-node')
  assert.equal(started([], { env: { XDG_DATA_HOME: 'data' } }).data, '/home/op/.local/share/quorum-node')
})

test('without an absolute HOME, the data folder must be given: it does not depend on the working folder', () => {
  for (const home of ['', 'op', './op']) {
    assert.match(refused([], { home }), /HOME is no absolute path: --data must be a folder/u)
    assert.equal(started(['--data', '/data'], { home }).data, '/data')
    assert.equal(started([], { home, env: { XDG_DATA_HOME: '/share' } }).data, '/share/quorum-node')
  }
})

test('the command line overrides the environment, the environment overrides the file', (t) => {
  const file = configFile(t, { data: '/from-file', http: '127.0.0.1:1', logLevel: 'error', json: true })
  const env = { QUORUM_NODE_CONFIG: file, QUORUM_NODE_HTTP: '127.0.0.1:2', QUORUM_NODE_LOG_LEVEL: 'warn' }
  const config = started(['--log-level', 'debug'], { env })
  assert.equal(config.data, '/from-file')
  assert.equal(config.http.port, 2)
  assert.equal(config.logLevel, 'debug')
  assert.equal(config.json, true)
})

test('--config overrides QUORUM_NODE_CONFIG', (t) => {
  const file = configFile(t, { logLevel: 'error' })
  assert.equal(started(['--config', file], { env: { QUORUM_NODE_CONFIG: '/missing' } }).logLevel, 'error')
})

test('addresses are repeated on the command line, listed in the file, separated in the environment', (t) => {
  const two = ['/ip4/127.0.0.1/tcp/0', '/ip6/::1/tcp/0/ws']
  assert.deepEqual(started(two.flatMap((address) => ['--listen', address])).listen, two)
  assert.deepEqual(started(['--config', configFile(t, { listen: two })]).listen, two)
  assert.deepEqual(started([], { env: { QUORUM_NODE_LISTEN: two.join(' ') } }).listen, two)
  assert.deepEqual(started([], { env: { QUORUM_NODE_LISTEN: `${two.join(', ')}\n` } }).listen, two)
})

test('every option has a variable, and an empty one is ignored', () => {
  const env = {
    QUORUM_NODE_DATA: 'here',
    QUORUM_NODE_ANNOUNCE: '/dns4/node.example.org/tcp/443/tls/ws',
    QUORUM_NODE_JSON: '1',
    QUORUM_NODE_HTTP: '[::1]:0',
    QUORUM_NODE_LISTEN: '',
  }
  const config = started([], { env })
  assert.equal(config.data, '/srv/here')
  assert.deepEqual(config.announce, ['/dns4/node.example.org/tcp/443/tls/ws'])
  assert.equal(config.json, true)
  assert.deepEqual(config.http, { host: '::1', port: 0 })
  assert.equal(config.listen.length, 3)
})

test('an unknown variable is reported, not refused', () => {
  const instruction = read([], { env: { QUORUM_NODE_PORT: 'tcp://10.0.0.1:80', OTHER: 'x' } })
  assert.deepEqual(instruction.act === 'start' && instruction.warnings, [
    'QUORUM_NODE_PORT is not an option and has no effect',
  ])
})

test('the lists of who may use the node are relative to their source, too', (t) => {
  assert.deepEqual([started().block, started().allow], [undefined, undefined])
  const file = configFile(t, { block: 'lists/block', allow: '/etc/allow' })
  const config = started(['--config', file])
  assert.deepEqual([config.block, config.allow], [path.join(path.dirname(file), 'lists/block'), '/etc/allow'])
  assert.equal(started([], { env: { QUORUM_NODE_BLOCK: 'block' } }).block, '/srv/block')
  assert.equal(started(['--allow', '~/allow']).allow, '/home/op/allow')
  assert.match(refused(['--allow', ' ']), /--allow must be a file/)
})

test('amounts are numbers or sizes with a unit, within their bounds', (t) => {
  assert.deepEqual([started().relayRate, started().relayTotal], [undefined, undefined])
  for (const [text, bytes] of [
    ['100000', 100_000],
    ['100kB', 100_000],
    ['100 KB', 100_000],
    ['1.5 MB', 1_500_000],
    ['2MiB', 2 * 1024 * 1024],
    ['10gb', 10_000_000_000],
    ['170000 B', 170_000],
  ] as const) {
    assert.equal(started(['--relay-rate', text]).relayRate, bytes, text)
    assert.equal(started([], { env: { QUORUM_NODE_RELAY_RATE: text } }).relayRate, bytes, text)
  }
  const file = configFile(t, { relayTotal: 5_000_000, relayRate: '1 MB' })
  assert.deepEqual([started(['--config', file]).relayTotal, started(['--config', file]).relayRate], [5e6, 1e6])
  for (const text of [
    '',
    'much',
    '99999',
    '11GB',
    '-1',
    '1e6',
    '1 M',
    '1 MB/s',
    '0.5',
    '1,5 MB',
    '99999999999999999999',
  ]) {
    assert.match(
      refused([`--relay-rate=${text}`]),
      /--relay-rate must be an amount from 100 kB to 10 GB, such as/,
      text,
    )
  }
  assert.match(refused(['--config', configFile(t, { relayTotal: true })]), /"relayTotal" in .* must be an amount/)
})

test('how many may use the node is a whole number within bounds', (t) => {
  const { maxPeers, maxReservations, maxHeld } = started()
  assert.deepEqual([maxPeers, maxReservations, maxHeld], [undefined, undefined, undefined])
  assert.equal(started(['--max-peers', '50']).maxPeers, 50)
  assert.equal(started([], { env: { QUORUM_NODE_MAX_RESERVATIONS: '0' } }).maxReservations, 0)
  assert.equal(started(['--config', configFile(t, { maxHeld: 1000 })]).maxHeld, 1000)
  for (const text of ['', '0', '10001', '1.5', '-1', '1e3', 'many', '0x10']) {
    assert.match(refused([`--max-peers=${text}`]), /--max-peers must be a whole number from 1 to 10000 /, text)
  }
  assert.match(refused(['--max-held', '999']), /--max-held must be a whole number from 1000 to 1000000/)
  assert.match(refused(['--config', configFile(t, { maxHeld: 1000.5 })]), /"maxHeld" in .* must be a whole number/)
})

test('a data folder is relative to its source: the folder of the file, the working folder, or home', (t) => {
  const file = configFile(t, { data: 'data' })
  assert.equal(started(['--config', file]).data, path.join(path.dirname(file), 'data'))
  assert.equal(started(['--data', 'data']).data, '/srv/data')
  assert.equal(started(['--data', '~/data']).data, '/home/op/data')
})

test('all problems are reported in one line, each by the name in its source', (t) => {
  const file = configFile(t, { announce: 'x', colour: 'red' })
  const message = refused(['--listen', 'foo', '--http', '9090', '--config', file], {
    env: { QUORUM_NODE_LOG_LEVEL: 'loud', QUORUM_NODE_JSON: 'maybe' },
  })
  for (const part of [
    '--listen "foo"',
    '--http',
    '"announce" in',
    '"colour" in',
    'QUORUM_NODE_LOG_LEVEL',
    'QUORUM_NODE_JSON',
  ]) {
    assert.ok(message.includes(part), `${part} in: ${message}`)
  }
})

const badListen: Record<string, RegExp> = {
  '/ip4/1.2.3.4/udp/4001/quic-v1': /must be \/ip4 or \/ip6/,
  '/dns4/node.example.org/tcp/4001': /must be \/ip4 or \/ip6/,
  '/ip4/0.0.0.0/tcp/443/tls/ws': /TLS/,
  '/ip4/0.0.0.0/tcp/4001/p2p/12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf': /must end before \/p2p/,
  '/ip4/1.2.3/tcp/1': /not a multiaddr/,
  '/ip4/1.2.3.4/tcp/99999': /not a multiaddr/,
  '': /must be/,
}
for (const [address, reason] of Object.entries(badListen)) {
  test(`--listen ${JSON.stringify(address)} is refused`, () => assert.match(refused(['--listen', address]), reason))
}

test('an address that is not reachable from outside is not announced', () => {
  assert.match(refused(['--announce', '/ip4/0.0.0.0/tcp/4001']), /cannot be reached by others/)
  assert.match(refused(['--announce', '/ip4/9.9.9.9/tcp/0']), /port 0/)
})

test('incorrect usage is one line: unknown options, missing values, extra words, a port out of range', () => {
  assert.match(refused(['--lisen', 'x']), /unknown option '--lisen'/)
  assert.match(refused(['--data']), /argument missing/)
  assert.match(refused(['start']), /too many arguments/)
  assert.match(refused(['--http', '127.0.0.1:70000']), /--http has a port above 65535/)
  assert.match(refused(['--data', '']), /--data must be a folder/)
})

test('a configuration file that begins with a byte order mark is read', (t) => {
  const file = configFile(t, '\ufeff{"logLevel": "warn"}')
  assert.equal(started(['--config', file]).logLevel, 'warn')
})

test('a configuration file that is missing or not a JSON object is refused', (t) => {
  assert.match(refused(['--config', '/missing/node.json']), /--config \/missing\/node.json cannot be used: ENOENT/)
  assert.match(refused(['--config', configFile(t, '{')]), /cannot be used/)
  assert.match(refused(['--config', configFile(t, '[]')]), /one JSON object/)
  for (const [content, why] of Object.entries({
    '': /end of JSON/,
    '{"json": true,}': /position 14/,
    '{/* no */"json": true}': /position 1/,
    '{"json": true}{"json": true}': /position 14/,
    '{"listen": "/ip4/0.0.0.0/tcp/1"}': /must be a list of multiaddrs/,
    '{"listen": [4001]}': /must be a list of multiaddrs/,
    '{"listen": []}': /needs an address/,
    '{"http": 4003}': /must be ADDRESS:PORT/,
    '{"json": "yes"}': /must be true or false/,
    '{"data": " "}': /must be a folder/,
    '{"Data": "x"}': /"Data" in .* is not an option/,
  })) {
    assert.match(refused(['--config', configFile(t, content)]), why, content)
  }
  const file = configFile(t, '')
  fs.writeFileSync(file, Buffer.from('\ufeff{}', 'utf16le'))
  assert.match(refused(['--config', file]), /no UTF-8/)
  assert.match(refused(['--config', path.dirname(file)]), /EISDIR/)
  // No more of it is read than a configuration may have.
  assert.match(refused(['--config', '/dev/zero']), /more than 1048576 bytes/)
  assert.match(refused(['--config', configFile(t, '{"__proto__": {}}')]), /"__proto__" in .* is not an option/)
})

test('what is given twice is meant once', () => {
  const twice = ['--listen', '/ip4/127.0.0.1/tcp/4001', '--listen', '/ip4/127.0.0.1/tcp/4001']
  assert.deepEqual(started(twice).listen, ['/ip4/127.0.0.1/tcp/4001'])
  const announced = '/dns4/node.example.org/tcp/4001'
  assert.deepEqual(started([], { env: { QUORUM_NODE_ANNOUNCE: `${announced}, ${announced}` } }).announce, [announced])
})

test('two addresses to listen on that exclude each other are refused', () => {
  const listen = (...addresses: string[]): string[] => addresses.flatMap((address) => ['--listen', address])
  for (const both of [
    ['/ip4/127.0.0.1/tcp/4001', '/ip4/127.0.0.1/tcp/4001/ws'],
    ['/ip4/127.0.0.1/tcp/4001', '/ip4/0.0.0.0/tcp/4001'],
    ['/ip6/::/tcp/4001', '/ip6/::1/tcp/4001'],
  ]) {
    assert.match(refused(listen(...both)), /--listen has port 4001 twice/, both.join())
  }
  for (const both of [
    ['/ip4/0.0.0.0/tcp/4001', '/ip6/::/tcp/4001'],
    ['/ip4/127.0.0.1/tcp/4001', '/ip4/192.0.2.1/tcp/4001'],
    ['/ip4/0.0.0.0/tcp/0', '/ip4/0.0.0.0/tcp/0/ws'],
  ]) {
    assert.deepEqual(started(listen(...both)).listen, both)
  }
})

test('--help has examples, --version prints the version', () => {
  const help = read(['--help'])
  assert.ok(help.act === 'print' && help.text.includes('Examples:') && help.text.includes('--announce'))
  assert.deepEqual(read(['--version']), { act: 'print', text: '1.2.3\n' })
})
