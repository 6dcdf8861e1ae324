/**
 * Errors of a disk: a decision for every error name that the system and SQLite have, the same for the store, for
 * received files and for a node.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3-multiple-ciphers'
import { diskError } from '../../../node/disk.ts'
import { diskErrorOf, storeFailure } from '../../../protocol/base/disk-errors.ts'
import { QuorumError } from '../../../protocol/base/errors.ts'
import { diskFailure } from '../../../protocol/file/receive/disk.ts'
import { folder } from '../../support/cleanup.ts'

const words = (...lines: string[]): string[] => lines.flatMap((line) => line.split(' '))

const full = words('ENOSPC EDQUOT')
const refused = words(
  'EACCES EPERM EROFS ENOENT ENOTDIR ENXIO ENODEV ESTALE EEXIST ENOTEMPTY EISDIR ELOOP EBUSY ETXTBSY EMFILE ENFILE',
  'EAGAIN EINTR ENOMEM ENAMETOOLONG EILSEQ EFBIG EOVERFLOW EINVAL ENOSYS ENOTSUP EOPNOTSUPP EMLINK EXDEV',
  'ENOLCK ETIMEDOUT EHOSTUNREACH ENETDOWN ENOTCONN EIO EBADMSG',
)
/**
 * Errors of a program, or of sockets, processes, terminals and STREAMS only: no file operation fails with them.
 */
const notOfDisks = words(
  'E2BIG EBADF ECHILD EDEADLK EDESTADDRREQ EDOM EFAULT ENOEXEC ENOTTY EPIPE ERANGE ESPIPE ESRCH ECANCELED',
  'EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EALREADY ECONNABORTED ECONNREFUSED ECONNRESET EINPROGRESS EISCONN EMSGSIZE',
  'ENETRESET ENETUNREACH ENOBUFS ENOPROTOOPT ENOTSOCK EPROTO EPROTONOSUPPORT EPROTOTYPE',
  'EIDRM EMULTIHOP ENODATA ENOLINK ENOMSG ENOSR ENOSTR ETIME',
)
const sqlite = {
  'disk-full': words('SQLITE_FULL'),
  'not-writable': words(
    'SQLITE_IOERR SQLITE_IOERR_FSYNC SQLITE_IOERR_SHMSIZE SQLITE_READONLY SQLITE_READONLY_DBMOVED SQLITE_CANTOPEN',
    'SQLITE_CANTOPEN_ISDIR SQLITE_PERM SQLITE_AUTH SQLITE_NOLFS',
  ),
  'store-corrupt': words('SQLITE_CORRUPT SQLITE_CORRUPT_INDEX SQLITE_NOTADB SQLITE_FORMAT'),
  'store-locked': words('SQLITE_BUSY SQLITE_BUSY_SNAPSHOT SQLITE_LOCKED SQLITE_LOCKED_SHAREDCACHE SQLITE_PROTOCOL'),
}
const notOfDatabases = words(
  'SQLITE_ERROR SQLITE_INTERNAL SQLITE_ABORT SQLITE_NOMEM SQLITE_INTERRUPT SQLITE_NOTFOUND SQLITE_EMPTY SQLITE_SCHEMA',
  'SQLITE_TOOBIG SQLITE_CONSTRAINT SQLITE_CONSTRAINT_UNIQUE SQLITE_MISMATCH SQLITE_MISUSE SQLITE_RANGE',
)

function named(code: string): Error {
  return Object.assign(new Error(`${code}: it did not work`), { code })
}

function codeOf(error: unknown): string {
  return error instanceof QuorumError ? error.code : 'none'
}

test('every errno of this system has a decision, the same for the store, received files and the node', () => {
  const decided = new Map([
    ...full.map((name) => [name, 'disk-full'] as const),
    ...refused.map((name) => [name, 'not-writable'] as const),
    ...notOfDisks.map((name) => [name, 'none'] as const),
  ])
  // EWOULDBLOCK is another name for the number of EAGAIN: libuv never reports it.
  const names = Object.keys(os.constants.errno).filter((name) => !name.startsWith('WSA') && name !== 'EWOULDBLOCK')
  for (const name of [...names, 'EHOSTDOWN', 'UNKNOWN', 'Unknown system error -117']) {
    const expected = names.includes(name) ? decided.get(name) : 'not-writable'
    assert.ok(expected !== undefined, `${name} is not decided`)
    const error = named(name)
    assert.equal(codeOf(storeFailure(error)), expected, `${name} at the store`)
    assert.equal(codeOf(diskFailure(error, '/downloads')), expected, `${name} at received files`)
    assert.equal(codeOf(diskError(error, '/data/held.db')), expected, `${name} at the node`)
  }
})

test('every result of SQLite has a decision, its extended forms too, the same for the store and the node', () => {
  for (const [expected, names] of [...Object.entries(sqlite), ['none', notOfDatabases] as const]) {
    for (const name of names) {
      assert.equal(codeOf(storeFailure(named(name))), expected, `${name} at the store`)
      assert.equal(codeOf(diskError(named(name), '/data/held.db')), expected, `${name} at the node`)
    }
  }
})

test('an error that passes is the same object, and a translated one has the original as its cause', () => {
  const mistake = named('EBADF')
  const own = new QuorumError('too-large', 'too large')
  for (const error of [mistake, own]) {
    assert.equal(storeFailure(error), error)
    assert.equal(diskFailure(error, '/downloads'), error)
    assert.equal(diskError(error, '/data/held.db'), error)
  }
  const error = named('EROFS')
  for (const failure of [storeFailure(error), diskFailure(error, '/downloads'), diskError(error, '/data/held.db')]) {
    assert.ok(failure instanceof QuorumError)
    assert.equal(failure.cause, error)
    assert.match(failure.message, /it is read-only/)
  }
})

test('a temporary error is distinguished from a missing file', () => {
  for (const name of words('EMFILE ENFILE EBUSY EAGAIN EINTR EIO ETIMEDOUT UNKNOWN')) {
    assert.equal(diskErrorOf(named(name))?.transient, true, name)
  }
  for (const name of words('ENOENT ENOTDIR EACCES EISDIR ELOOP ENXIO ESTALE ENOSPC EFBIG ENOTEMPTY')) {
    assert.equal(diskErrorOf(named(name))?.transient, false, name)
  }
})

test('real errors of a real disk and a real database', (t) => {
  const place = folder(t)
  const thrown = (work: () => unknown): unknown => {
    try {
      work()
    } catch (error) {
      return error
    }
    return assert.fail('it worked')
  }
  fs.mkdirSync(path.join(place, 'full', 'of'), { recursive: true })
  const notEmpty = thrown(() => fs.rmdirSync(path.join(place, 'full')))
  assert.deepEqual(diskErrorOf(notEmpty), {
    code: 'not-writable',
    name: 'ENOTEMPTY',
    reason: 'something else is in the way',
    transient: false,
  })
  fs.writeFileSync(path.join(place, 'no.db'), 'x'.repeat(4096))
  const database = new Database(path.join(place, 'no.db'))
  t.after(() => database.close())
  const noDatabase = thrown(() => database.exec('CREATE TABLE t (n INTEGER)'))
  assert.equal(diskErrorOf(noDatabase)?.code, 'store-corrupt')
  const mistake = thrown(() => new Database(':memory:').exec('SELECT nonsense'))
  assert.equal(diskErrorOf(mistake), undefined)
})
