/**
 * Noise for bulk data: handshake, keys, nonces and the life cycle of the connection are those of @libp2p/noise 17.0.3;
 * only its transport messages are read and written by messages.ts. The stock code joins, copies and allocates every
 * message several times and writes each in two pieces, which costs more than the cipher. Depends on the names
 * `handshake`, `decoder` with its `buffer`, `sendData`, `decrypt` and `onData` of the connection that this version
 * returns, which is pinned; without them no connection is made, and test/integration/transport-interop.test.ts fails.
 * Retires when upstream encrypts into one buffer and decrypts in place.
 */
import type { ConnectionEncrypter, MessageStream, MultiaddrConnection, SecuredConnection } from '@libp2p/interface'
import { noise as stockNoise, type NoiseComponents, type NoiseExtensions } from '@libp2p/noise'
import type { Multiaddr } from '@multiformats/multiaddr'
import { Uint8ArrayList } from 'uint8arraylist'
import { toError } from '../../base/errors.ts'
import { MessageReader, seal, sealedLength, type Decrypt, type Encrypt } from './messages.ts'
import { sodiumCipher } from './sodium-cipher.ts'
import { ciphertextPool, plaintextPool } from '../buffer-pool.ts'
import type { Bytes } from '../../base/bytes.ts'
import { readInPlace } from '../read-in-place.ts'

type Encrypter = ConnectionEncrypter<NoiseExtensions>

/** What this file uses of the stock connection. */
interface StockConnection extends MessageStream {
  handshake: { encrypt: Encrypt; decrypt: Decrypt }
  /** Splits received data into messages, each of which is passed to `decrypt`. */
  decoder: { decode(data: Bytes): Iterable<Bytes>; buffer?: Bytes }
  sendData(data: Bytes): { sentBytes: number; canSendMore: boolean }
  decrypt(data: Bytes): Bytes
  onData(data: Bytes): void
}

/** Of each encrypted connection, the one that carries it: a muxer gets only the former. */
const carriers = new WeakMap<MessageStream, MessageStream>()

/** The address at the other end of an encrypted connection; undefined for one that was not made here. */
export function remoteAddress(connection: MessageStream): Multiaddr | undefined {
  const carrier = carriers.get(connection)
  return carrier != null && 'remoteAddr' in carrier ? (carrier as MultiaddrConnection).remoteAddr : undefined
}

/** A libp2p connection encrypter: `connectionEncrypters: [noise()]`. */
export function noise(): (components: NoiseComponents) => Encrypter {
  const factory = stockNoise({ crypto: sodiumCipher })
  return (components) => {
    const stock = factory(components)
    const { protocol } = stock
    return {
      protocol,
      secureInbound: async (connection, options) =>
        repaired(connection, await stock.secureInbound(connection, options)),
      secureOutbound: async (connection, options) =>
        repaired(connection, await stock.secureOutbound(connection, options)),
    }
  }
}

function repaired(
  under: MessageStream,
  secured: SecuredConnection<NoiseExtensions>,
): SecuredConnection<NoiseExtensions> {
  const { connection } = secured
  if (!isStock(connection)) throw new Error('This version of Noise cannot be repaired: check the pin')
  carriers.set(connection, under)
  const { handshake } = connection
  const reader = new MessageReader((ciphertext, destination) => handshake.decrypt(ciphertext, destination))
  const open = (data: Bytes): Bytes[] => {
    const opened = reader.read(data)
    return opened.length > 0 ? [new Uint8ArrayList(...opened)] : []
  }
  // Data received together with the handshake is in the stock decoder already, perhaps a part of a message.
  const { buffer: early } = connection.decoder
  if (early == null) throw new Error('This version of Noise cannot be repaired: check the pin')
  for (const plaintext of open(early)) connection.onData(plaintext)
  connection.decoder = {
    decode(data) {
      const opened = open(data)
      plaintextPool.put(data)
      return opened
    },
  }
  connection.decrypt = (plaintext) => plaintext
  readInPlace(under, (data) => {
    try {
      for (const plaintext of open(data)) connection.onData(plaintext)
    } catch (error) {
      connection.abort(toError(error))
    }
  })
  connection.sendData = (data) => {
    const sealed = ciphertextPool.get(sealedLength(data.byteLength))
    const sentBytes = data.byteLength
    seal(data, sealed, (plaintext) => handshake.encrypt(plaintext))
    // Of a connection inside this one (a circuit).
    ciphertextPool.put(data)
    return { sentBytes, canSendMore: under.send(sealed) }
  }
  return secured
}

function isStock(connection: MessageStream): connection is StockConnection {
  return ['handshake', 'decoder', 'sendData', 'decrypt', 'onData'].every((name) => name in connection)
}
