/** Quorum's version, as in package.json; test/unit/base/version.test.ts keeps the two equal. */
export const version = '0.1.0'
