/** The names that cause a warning. Threat 54. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numbered, safeComponent } from '../../../protocol/file/safe-names.ts'
import { riskOf } from '../../../protocol/file/name-risk.ts'
import { list, ordinary } from '../../support/ordinary-names.ts'

const programs = [
  ...list('a.exe | A.EXE | setup-1.2.3.exe | a.bat | a.cmd | a.com | a.scr | a.pif | a.cpl | a.msi | a.ps1 | a.vbs'),
  ...list('a.js | jquery.min.js | a.jse | a.wsf | a.hta | a.jar | a.inf | autorun.inf | a.reg'),
  ...list('a.sh | a.run | a.AppImage | a.deb | a.rpm | a.flatpakref | Safari.app | a.command | a.dmg | a.pkg'),
  ...list('a.terminal | a.scpt | a.workflow | a.mobileconfig | a.iso | a.img | a.vhdx | a.py'),
  ...list('a.apk | a.chm | a.msc | a.theme | a.xll | a.service | .exe | Desktop.ini'),
  ...list('.directory | a.exe  | a.exe. | a.exe. . | ａ．ｅｘｅ | photo jpg.exe | v2.jpg.backup.exe | foo  (2).exe'),
]
const launchers = list('a.lnk | a.url | a.scf | a.desktop | a.webloc | a.inetloc | a.library-ms | a.search-ms')
const disguised = [
  ...list(
    'photo.jpg.exe | Photo.JPG.Exe | invoice.pdf.lnk | report.docx.js | cv.pdf.desktop | song.mp3.scr | a.txt.vbs',
  ),
  ...list(
    'photo.jpg          .exe | photo          .exe | photo.jpg\u00a0.exe | photo.jpg\u3000\u3000.exe | a\u2800\u2800\u2800\u2800.exe',
  ),
  ...list(
    'photo.jpg (2).exe | photo.jpg_.exe | photo.jpg...exe | photo.jpg-1.exe | photo\u202egpj.exe | \u202ecod.scr',
  ),
  ...list(
    'a.e\u200bxe | photo\uff0ejpg.exe | photo\u2024jpg.exe | photo.jpg.exe. | photo.jpg.ex\u200be | page.html.hta | data.json.js',
  ),
  ...list('photo.jpg.{3050F4D8-98B5-11CF-BB82-00AA00BDCE0B} | x.{00021401-0000-0000-c000-000000000046} | a.zip.exe'),
]
const nothing = [
  ...list(' | . | a | exe | sh | photo.jpg | photo.exe.jpg | a.exe_ | archive.tar.gz | notes.txt | README.md | a.pdf'),
  ...list(
    'a.docx | a.html | a.svg | a.c | a.ts | a.dll | my.application.pdf | desktop | x.exe.zip | a.{x} | photo    .jpg',
  ),
]

test('threat 54: a name that a double click could run causes a warning, and so does a disguise', () => {
  for (const name of programs) assert.equal(riskOf(name), 'program', name)
  for (const name of launchers) assert.equal(riskOf(name), 'launcher', name)
  for (const name of disguised) assert.equal(riskOf(name), 'disguised', name)
  for (const name of [...nothing, ...ordinary.filter((one) => one !== 'desktop.ini')]) {
    assert.equal(riskOf(name), undefined, name)
  }
})

test('threat 54: cleaning and numbering remove no warning', () => {
  for (const name of [...programs, ...launchers, ...disguised]) {
    const safe = safeComponent(name)
    assert.notEqual(riskOf(safe), undefined, safe)
    // These are active by their whole name or its very end, or not at all (full-width): with a number they do nothing.
    if (/^(?:desktop\.ini|\.directory|\.exe)$|\}$|．/iu.test(safe)) continue
    assert.ok(riskOf(numbered(safe, 2)) === riskOf(safe), numbered(safe, 2))
  }
})

test('threat 54: a path is as risky as its name, or as a folder that opens as one item', () => {
  const expected = {
    'setup.exe': 'program',
    'Setup.EXE': 'program',
    'setup.exe. ': 'program',
    'setup.exe:stream': 'program',
    'update.sh': 'program',
    'Game.app/Contents/Info.plist': 'program',
    'Game.app/': 'program',
    'tools/run.bat': 'program',
    'photos.desktop': 'launcher',
    'Holiday.lnk': 'launcher',
    'page.url': 'launcher',
    'photo.jpg.exe': 'disguised',
    'photo.JPG      .exe': 'disguised',
    'invoice.pdf.lnk': 'disguised',
    'photo\u202egpj.exe': 'disguised',
    'photo\u202ecod': 'hidden',
    'a\u200bb.txt': 'hidden',
    'a\u0007.txt': 'hidden',
    'in\u202e/a.txt': 'hidden',
  }
  for (const [path, risk] of Object.entries(expected)) assert.equal(riskOf(path), risk, JSON.stringify(path))
  const harmless = [
    'photo.jpg',
    'a b  c.pdf',
    'archive.tar.gz',
    'exe',
    'my.exe.txt',
    'example.com/index.html',
    '.bashrc',
    'Makefile',
    'empty folder/',
    'report.docm',
    'src/run.sh/notes.txt',
    'family 👨‍👩‍👧.png',
    'می‌خواهم.pdf',
  ]
  for (const path of harmless) assert.equal(riskOf(path), undefined, path)
})
