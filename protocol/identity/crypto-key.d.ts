/** Types of Web Crypto, which those of @hpke/core take from the ones of browsers. */
type CryptoKey = import('node:crypto').webcrypto.CryptoKey
type CryptoKeyPair = import('node:crypto').webcrypto.CryptoKeyPair
