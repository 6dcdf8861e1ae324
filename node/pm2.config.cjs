/**
 * pm2's definition of the node: `pm2 start node/pm2.config.cjs`. Options of the node go in QUORUM_NODE_* variables
 * before that command, or in a file named by QUORUM_NODE_CONFIG. docs/operating.md tells the rest, log rotation too.
 */
const { existsSync } = require('node:fs')
const { dirname, join } = require('node:path')

/**
 * pm2 measures and signals the process it starts: that must be the node itself, not a launcher around it. So it is
 * started on a Node that can run it right away: pm2's own, or the one that npm installed beside Quorum.
 */
function interpreter() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  try {
    const beside = join(
      dirname(require.resolve(`node-${process.platform}-${process.arch}/package.json`)),
      'bin',
      'node',
    )
    if (existsSync(beside)) return beside
  } catch (error) {
    // Not every platform has such a package: the launcher then looks on PATH.
    if (error.code !== 'MODULE_NOT_FOUND') throw error
  }
  return 'node'
}

module.exports = {
  apps: [
    {
      name: 'quorum-node',
      script: join(__dirname, '..', 'scripts', 'quorum-node.mjs'),
      interpreter: interpreter(),
      // As scripts/launch.mjs sets them; it says why.
      env: { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' },
      // One process: both ends of a relayed conversation must meet in it. Grow by more nodes instead.
      exec_mode: 'fork',
      instances: 1,
      autorestart: true,
      // "Ready" is said by the node once it listens. A first start checks the store, about a second per GiB held.
      wait_ready: true,
      listen_timeout: 30_000,
      // The node stops within 5 s by itself.
      kill_timeout: 8_000,
      // About 230 KB a connection at 4,000 connections, and as much again for circuits in full flow.
      max_memory_restart: '2G',
      // A full disk or a damaged file does not heal by trying faster: 0.1 s, then longer each time, at most 15 s.
      exp_backoff_restart_delay: 100,
      // Bad usage: restarting would not change it.
      stop_exit_codes: [2],
      // The log has times of its own.
      time: false,
    },
  ],
}
