/** What `--help` prints after the options of each command: examples, how it behaves, exit codes. */

export const terminalHelp = `
Examples:
  $ quorum                         open your profile; the first start asks a few questions
  $ quorum --profile bob           a second identity
  $ quorum --profile ./bob         a profile in a folder of your choice
  $ quorum --node /dns4/node.example.org/tcp/4001/p2p/12D3KooW…
  $ quorum send film.mkv --to Bob  send files without the terminal client
  $ quorum receive                 receive what friends send
  $ quorum passphrase              set, change or remove the passphrase of a profile
  $ quorum backup FILE             an encrypted backup of a profile; quorum restore FILE makes a profile of it
  $ quorum report                  save a report for support
  $ quorum peer --help             a peer for programs, with JSON lines

In the terminal client, /help lists the commands.
Quorum asks for the passphrase of a profile unless QUORUM_PASSPHRASE or --passphrase-file gives it.
The log is in the profile's folder, in logs/. It has no names and no messages. QUORUM_LOG=debug logs more, off nothing.`

export const sendHelp = `
Examples:
  $ quorum send film.mkv --to Bob                      a file
  $ quorum send Photos notes.txt --to Bob --note "as promised"
  $ quorum send backup.tar --to 4Xk9Qz --json          the friend: name, handle, PeerId or its last characters
  $ quorum send --to Bob                               continue what was offered before

Files go to one friend, not to a group.
It waits until Bob is online, accepts, and has everything on disk. Ctrl-C ends it, and the transfer stays: it continues
whenever Quorum runs with this profile. A second Ctrl-C ends it at once.

Exit codes: 0 Bob has everything, 1 he does not (failed, declined, cancelled), 2 wrong arguments, 130 interrupted.
--json: one JSON object a line for each new state of a transfer, as in docs/embedding.md.`

export const receiveHelp = `
Examples:
  $ quorum receive                                     asks about each offer: who, what, how large
  $ quorum receive --from Bob --into ~/Photos          accepts what Bob sends, without asking
  $ quorum receive --from Bob --keep                   and waits for more
  $ quorum receive --yes --once --json                 for scripts: one offer, from any friend

It first continues what was started before. It ends when something was received and nothing more is open. Ctrl-C ends
it, and started transfers continue whenever Quorum runs with this profile. A second Ctrl-C ends it at once.

Exit codes: 0 everything is on disk, 1 it is not (failed, declined, cancelled), 2 wrong arguments, 130 interrupted (with
--keep only during a transfer). No received file is opened or made executable.`

export const passphraseHelp = `
Examples:
  $ quorum passphrase                            asks for the old and the new one, without showing them
  $ quorum passphrase --profile bob
  $ quorum passphrase --remove                   remove the passphrase
  $ QUORUM_PASSPHRASE=old quorum passphrase --new-passphrase-file ./new     for scripts

No other Quorum program may use the profile meanwhile. A forgotten passphrase cannot be recovered.`

export const backupHelp = `
Examples:
  $ quorum backup /media/stick/quorum-may      prints 24 words that open it: write them down
  $ quorum backup ./may --with-passphrase      asks for a passphrase instead
  $ quorum backup ./may --json --backup-passphrase-file ./secret     for scripts

In it: your identity, friends, messages, settings. Not in it: received files, and the keys of what nodes hold for you.
It never replaces a file. No other Quorum program may use the profile meanwhile.`

export const restoreHelp = `
Examples:
  $ quorum restore /media/stick/quorum-may     asks for the words or the passphrase, without showing them
  $ quorum restore ./may --profile ./moved --words-file ./words
  $ quorum restore ./may --replace             in place of the profile that is there, which is destroyed

The whole backup is checked first: if it is damaged, newer or opened with another secret, nothing is made or replaced.
You are the same person to your friends. Only one of the two profiles may run: do not start the old one again.`

export const reportHelp = `
Examples:
  $ quorum report                              quorum-report-DATE.txt in the current folder
  $ quorum report --profile bob --output ./for-susan.txt
  $ QUORUM_LOG=debug quorum                    repeat the problem; the next report has more detail

In it: versions, settings, how many friends and nodes, and the last log lines. Not in it: names, PeerIds, addresses,
messages, files. It is text: look at it before you send it. It never replaces a file.
It works while Quorum runs with the profile, and without the passphrase. Then the counts are missing, and the report
says so.`

export const headlessHelp = `
Examples:
  $ quorum peer --json --profile ./alice --node /ip4/127.0.0.1/tcp/4001/p2p/12D3KooW…
  $ echo '{"id": 1, "call": "invite"}' | quorum peer --json --ephemeral

One JSON object a line. In:  {"id": 1, "call": "sendMessage", "params": {"peer": "12D3…", "text": "hi"}}
                        Out: {"id": 1, "result": …} or {"id": 1, "error": {"code": …, "message": …}}
                             {"event": "message-received", "data": …}
The first line out is the event "ready". End of input, SIGINT and SIGTERM stop it. stderr is the log.`
