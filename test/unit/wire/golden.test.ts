/** The bytes on the wire do not change: every message of quorum.proto is compared with stored bytes. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { fromBinary, type DescMessage } from '@bufbuild/protobuf'
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect'
import { file_quorum as schema } from '../../../protocol/wire/quorum_pb.ts'
import { goldens, stored } from '../../fixtures/wire.ts'

const hex = JSON.parse(fs.readFileSync(stored, 'utf8')) as Record<string, string>
const bytesOf = (name: string): Uint8Array => new Uint8Array(Buffer.from(hex[name] ?? '', 'hex'))

test('every value has stored bytes, and all stored bytes have a value', () => {
  assert.deepEqual(Object.keys(hex), Object.keys(goldens))
})

for (const [name, golden] of Object.entries(goldens)) {
  test(`${name}: stored bytes are decoded as before`, () => {
    assert.deepEqual(golden.decode(bytesOf(name)), golden.value)
  })

  test(`${name}: the same bytes are encoded as before`, () => {
    assert.equal(Buffer.from(golden.encode()).toString('hex'), hex[name])
  })
}

test('every field of the schema is in some stored message', () => {
  const seen = new Set<string>()
  const look = (message: ReflectMessage): void => {
    for (const field of message.fields) {
      if (!message.isSet(field)) continue
      seen.add(`${message.desc.name}.${field.name}`)
      if (field.fieldKind === 'message') look(message.get(field))
      if (field.fieldKind === 'list' && field.listKind === 'message') {
        for (const item of message.get(field)) look(item as ReflectMessage)
      }
    }
  }
  for (const [name, golden] of Object.entries(goldens)) {
    look(reflect(golden.schema, fromBinary(golden.schema, bytesOf(name))))
  }
  const fields = schema.messages.flatMap((message: DescMessage) =>
    message.fields.map((field) => `${message.name}.${field.name}`),
  )
  assert.deepEqual(
    fields.filter((field) => !seen.has(field)),
    [],
  )
})
