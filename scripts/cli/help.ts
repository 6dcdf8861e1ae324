/** What `--help` adds to the options of each command of quorum: examples, and what one should know. */

export const terminalHelp = `
Examples:
  $ quorum                         open your profile; the first start asks what it needs to know
  $ quorum --profile bob           a second identity beside it
  $ quorum --profile ./bob         a profile in a folder of your choice
  $ quorum --node /dns4/node.example.org/tcp/4001/p2p/12D3KooW…
  $ quorum send film.mkv --to Bob  send files without opening a conversation
  $ quorum receive                 take what friends send
  $ quorum passphrase              set, change or remove the passphrase of a profile
  $ quorum report                  save a report for those who help you
  $ quorum peer --help             the same peer for programs, as JSON lines

In the terminal client, /help lists what you can type.
A profile with a passphrase asks for it, unless QUORUM_PASSPHRASE or --passphrase-file tells it.
A log without names and messages is kept in the profile's folder, in logs/: QUORUM_LOG=debug tells more, off nothing.`

export const sendHelp = `
Examples:
  $ quorum send film.mkv --to Bob                      a file
  $ quorum send Photos notes.txt --to Bob --note "as promised"
  $ quorum send backup.tar --to 4Xk9Qz --json          whom: a name, a handle, a PeerId or its last characters
  $ quorum send --to Bob                               go on with what was offered before

It waits until Bob is online, accepts, and has everything on disk. Ctrl-C leaves, and the transfer stays: it goes on
whenever Quorum runs with this profile. A second Ctrl-C leaves at once.

Exit codes: 0 Bob has everything, 1 not (failed, declined, called off), 2 what was asked makes no sense,
130 interrupted. --json: one JSON object a line for each new state of a transfer, as docs/embedding.md has it.`

export const receiveHelp = `
Examples:
  $ quorum receive                                     asks for each offer: who, what, how large
  $ quorum receive --from Bob --into ~/Photos          takes what Bob sends, without asking
  $ quorum receive --from Bob --keep                   and stays for more
  $ quorum receive --yes --once --json                 for scripts: one offer, whoever of your friends makes it

It ends when something was received and nothing more is open. What was begun before goes on first. Ctrl-C leaves, and
what has begun goes on whenever Quorum runs with this profile. A second Ctrl-C leaves at once.

Exit codes: 0 all of it is on disk, 1 not (failed, declined, called off), 2 what was asked makes no sense,
130 interrupted (with --keep only while something is under way). Nothing that arrives is opened or made executable.`

export const passphraseHelp = `
Examples:
  $ quorum passphrase                            asks for the old one and the new one, without showing them
  $ quorum passphrase --profile bob
  $ quorum passphrase --remove                   the profile opens without one from now on
  $ QUORUM_PASSPHRASE=old quorum passphrase --new-passphrase-file ./new     for scripts

Quorum must not be running with that profile. A passphrase that is forgotten cannot be recovered.`

export const reportHelp = `
Examples:
  $ quorum report                              quorum-report-DATE.txt in the current folder
  $ quorum report --profile bob --output ./for-susan.txt
  $ QUORUM_LOG=debug quorum                    let it happen once more, and the next report tells more

In it: versions, settings, how many friends and nodes, and the last log lines. Not in it: names, PeerIds, addresses,
messages, files. It is text: look at it before you send it. It never replaces a file.
It works while Quorum runs with the profile, and without the passphrase; then nothing is counted, and it says so.`

export const headlessHelp = `
Examples:
  $ quorum peer --json --profile ./alice --node /ip4/127.0.0.1/tcp/4001/p2p/12D3KooW…
  $ echo '{"id": 1, "call": "invite"}' | quorum peer --json --ephemeral

One JSON object a line. In:  {"id": 1, "call": "sendMessage", "params": {"peer": "12D3…", "text": "hi"}}
                        Out: {"id": 1, "result": …} or {"id": 1, "error": {"code": …, "message": …}}
                             {"event": "message-received", "data": …}
The first line out is the event "ready". End of input, SIGINT and SIGTERM stop it. stderr is the log.`
