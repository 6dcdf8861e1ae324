/** Removing a file with its content. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { destroyFile } from '../../../protocol/base/destroy-file.ts'
import { folder } from '../../support/cleanup.ts'

test('the content is overwritten before the name goes', (t) => {
  const file = path.join(folder(t), 'secret')
  fs.writeFileSync(file, Buffer.alloc(3 * 1024 * 1024 + 7, 'secret'))
  const held = fs.openSync(file, 'r')
  destroyFile(file)
  const left = fs.readFileSync(held)
  fs.closeSync(held)
  assert.equal(fs.existsSync(file), false)
  assert.equal(left.length, 3 * 1024 * 1024 + 7)
  assert.ok(left.every((byte) => byte === 0))
})

test('what a link leads to, or what has another name, is not touched; a missing file is nothing', (t) => {
  const directory = folder(t)
  const [kept, link, name] = ['kept', 'link', 'name'].map((one) => path.join(directory, one)) as [
    string,
    string,
    string,
  ]
  fs.writeFileSync(kept, 'content')
  fs.symlinkSync(kept, link)
  destroyFile(link)
  fs.linkSync(kept, name)
  destroyFile(name)
  destroyFile(path.join(directory, 'missing'))
  assert.deepEqual(fs.readdirSync(directory), ['kept'])
  assert.equal(fs.readFileSync(kept, 'utf8'), 'content')
})
