/** Import rules between the top-level folders and the layers of protocol/: each kind of violation is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { misplaced, refusal } from '../../../scripts/dev/import-rules.mjs'

const refused = [
  ['node/server.ts', '../protocol/base/errors.ts'],
  ['node/server.ts', '../protocol/index.ts'],
  ['node/server.ts', '../scripts/cli/headless/json-lines.ts'],
  ['node/server.ts', '../test/support/peers.ts'],
  ['scripts/cli/terminal/view.ts', '../../../protocol/api/events.ts'],
  ['scripts/cli/quorum.ts', '../../node/server.ts'],
  ['scripts/cli/quorum.ts', '../dev/checks.ts'],
  ['scripts/dev/bench.ts', '../cli/quorum.ts'],
  ['protocol/peer.ts', '../node/server.ts'],
  ['protocol/peer.ts', '#protocol'],
  ['protocol/chat/chat.ts', '../friend/friends.ts'],
  ['protocol/friend/friends.ts', '../file/transfers.ts'],
  ['protocol/file/transfers.ts', '../chat/chat.ts'],
  ['protocol/file/send/uploads.ts', '../receive/download.ts'],
  ['protocol/file/receive/download.ts', '../send/uploads.ts'],
  ['protocol/chat/chat.ts', '../peer.ts'],
  ['protocol/base/limits.ts', '../index.ts'],
  ['protocol/paths/paths.ts', '../chat/chat.ts'],
  ['protocol/paths/paths.ts', '../directory/home-nodes.ts'],
  ['protocol/directory/home-nodes.ts', '../paths/paths.ts'],
  ['protocol/net/policy.ts', '../paths/paths.ts'],
  ['protocol/identity/identity.ts', '../net/policy.ts'],
  ['protocol/api/events.ts', '../identity/identity.ts'],
  ['protocol/store/sqlite.ts', '../api/calls.ts'],
  ['protocol/wire/codec.ts', '../store/store.ts'],
  ['protocol/address/address.ts', '../wire/codec.ts'],
  ['protocol/base/errors.ts', '../address/address.ts'],
  ['desktop/main/app.ts', '../peer/profile.ts'],
  ['desktop/peer/access.ts', '../main/main-calls.ts'],
  ['desktop/renderer/app.tsx', '../main/main-calls.ts'],
  ['desktop/renderer/app.tsx', '#protocol'],
  ['desktop/renderer/app.tsx', 'node:fs'],
  ['desktop/ipc/rpc.ts', '#protocol'],
  ['protocol/base/foreign-text.ts', './errors.ts'],
  ['protocol/base/byte-size.ts', './errors.ts'],
  ['protocol/base/limits.ts', './errors.ts'],
  ['protocol/base/units.ts', 'node:buffer'],
  ['protocol/base/foreign-text.ts', 'node:buffer'],
  ['protocol/identity/lookalike.ts', '../base/errors.ts'],
  ['protocol/file/safe-names.ts', '#foreign-text'],
  ['desktop/text/en.ts', '../ipc/contract.ts'],
  ['desktop/text/en.ts', '#protocol'],
  ['protocol/api/advice.ts', '../base/errors.ts'],
  ['desktop/main/app.ts', '../../protocol/peer.ts'],
  ['desktop/main/app.ts', '../../scripts/cli/profile.ts'],
] as const

const allowed = [
  ['node/server.ts', '#protocol'],
  ['node/server.ts', './config.ts'],
  ['node/server.ts', 'node:fs'],
  ['node/server.ts', '../package.json'],
  ['scripts/cli/terminal/view.ts', '../headless/line-splitter.ts'],
  ['scripts/cli/terminal/main.ts', '#embedded-node'],
  ['scripts/dev/bench/stream-end.ts', '../../../protocol/net/streams.ts'],
  ['protocol/index.ts', './peer.ts'],
  ['protocol/peer.ts', './chat/chat.ts'],
  ['protocol/peer.ts', './base/limits.ts'],
  ['protocol/chat/chat.ts', './conversation.ts'],
  ['protocol/chat/chat.ts', '../net/streams.ts'],
  ['protocol/file/transfers.ts', './send/uploads.ts'],
  ['protocol/file/send/uploads.ts', '../digest.ts'],
  ['protocol/friend/envelope-delivery.ts', '../directory/home-nodes.ts'],
  ['protocol/net/yamux/stream.ts', '../buffer-pool.ts'],
  ['protocol/store/sqlite.ts', './store.ts'],
  ['protocol/wire/codec.ts', '../address/address.ts'],
  ['test/unit/chat/chat.test.ts', '../../../protocol/chat/chat.ts'],
  ['desktop/main/app.ts', '#protocol'],
  ['desktop/main/options.ts', '#profile'],
  ['desktop/main/app.ts', '../text/catalogue.ts'],
  ['desktop/renderer/app.tsx', '../text/catalogue.ts'],
  ['desktop/text/en.ts', '#advice'],
  ['desktop/renderer/model/message-rows.ts', '#message-times'],
  ['desktop/renderer/state/clients.ts', '../../ipc/rpc.ts'],
  ['desktop/text/foreign.ts', '#foreign-text'],
  ['desktop/renderer/model/format.ts', '#byte-size'],
  ['desktop/renderer/model/friend-display.ts', '#lookalike'],
  ['desktop/renderer/view/composer.tsx', '#limits'],
  ['protocol/base/limits.ts', './units.ts'],
  ['scripts/cli/terminal/view.ts', '#lookalike'],
  ['protocol/identity/lookalike.ts', '../base/foreign-text.ts'],
  ['protocol/identity/lookalike.ts', 'unhomoglyph'],
  ['protocol/file/safe-names.ts', '../base/foreign-text.ts'],
] as const

test('imports against the direction are refused', () => {
  for (const [importer, specifier] of refused) assert.ok(refusal(importer, specifier), `${importer} → ${specifier}`)
})

test('imports in the direction are not', () => {
  for (const [importer, specifier] of allowed) {
    assert.equal(refusal(importer, specifier), undefined, `${importer} → ${specifier}`)
  }
})

test('a folder of protocol/ that belongs to no layer is refused', () => {
  assert.ok(misplaced('protocol/helpers/text.ts'))
  assert.equal(misplaced('protocol/chat/outbox.ts'), undefined)
  assert.equal(misplaced('protocol/relay-node.ts'), undefined)
  assert.equal(misplaced('node/helpers/text.ts'), undefined)
})
