/** Files that a person gave to the page: only those whose form arrived by a navigation of the browser process. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { GivenFiles } from '../../../desktop/main/given-files.ts'

const address = (id: string): string => `app://quorum/given/${id}`
const nothing = Buffer.alloc(0)
const form = (id: string, ...files: string[]) => ({
  url: address(id),
  method: 'POST',
  uploadData: [{ bytes: nothing }, ...files.map((file) => ({ bytes: nothing, file }))],
})

test('the files of a form are used once its navigation was redirected, in either order, and once only', async () => {
  const given = new GivenFiles()
  const [first, second] = [randomUUID(), randomUUID()]
  const early = given.take(first)
  given.onRedirect(given.redirected(form(first, '/home/ada/a.txt', '/home/ada/folder')) ?? '')
  assert.deepEqual(await early, ['/home/ada/a.txt', '/home/ada/folder'])
  const to = given.redirected(form(second, '/home/ada/b.txt')) ?? ''
  given.onRedirect(to)
  assert.deepEqual(await given.take(second), ['/home/ada/b.txt'])
  given.onRedirect(to)
  assert.equal(given.redirected({ ...form(second), method: 'GET' }), undefined)
})

test('a form that no navigation brought is not used, whatever address the page navigates to', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const given = new GivenFiles()
  const id = randomUUID()
  const secret = given.redirected(form(id, '/etc/passwd')) ?? assert.fail('it is redirected')
  const taken = assert.rejects(given.take(id), { code: 'cancelled' })
  given.onRedirect(address(id))
  // The page has learnt the secret, and asks there itself.
  assert.equal(given.redirected({ ...form(id, '/etc/passwd'), url: secret }), undefined)
  const other = randomUUID()
  given.onRedirect(given.redirected(form(other, '/home/ada/a.txt')) ?? '')
  assert.deepEqual(await given.take(other), ['/home/ada/a.txt'])
  t.mock.timers.tick(10_000)
  await taken
})

test('other addresses are left alone', () => {
  const given = new GivenFiles()
  for (const url of ['app://quorum/index.html', 'https://quorum/given/x', 'app://quorum/other/given/x']) {
    assert.equal(given.redirected({ url, method: 'POST', uploadData: [] }), undefined)
  }
})
