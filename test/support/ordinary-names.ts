/**
 * File names that people and programs use, in many languages: none of them may be changed or cause a warning.
 */

/** Names between bars. */
export const list = (names: string): string[] => names.split(' | ')

export const ordinary = [
  ...list(
    'README | notes.txt | archive.tar.gz | .gitignore | .config | ..hidden | IMG_2041.jpeg | a | -rf | ~ | $HOME',
  ),
  ...list(
    "My Document (final) v1.2.docx | it's mine & yours; 100% #1 @home! [x] {y} +z=~^`.txt | a  b.txt | file.txt~ | _",
  ),
  ...list(
    'Größe naïve façade.pdf | Ærøskøbing.txt | Żółć.odt | Příliš žluťoučký kůň.md | Ünïcödé Straße.txt | İstanbul ılık.txt',
  ),
  ...list(
    'Việt Nam đẹp.doc | Ελληνικά αρχεία.txt | Русский файл.docx | Українська їжа.txt | Հայերեն.txt | ქართული.txt',
  ),
  ...list('שלום עולם.txt | שָׁלוֹם.txt | مرحبا بالعالم.txt | می‌خواهم.txt | اردو فائل.txt | ۱۴۰۰ ه‍.ش.txt | ދިވެހި.txt'),
  ...list('हिन्दी फ़ाइल.txt | क्‍ष.txt | বাংলা র‍্যাব.txt | தமிழ்.txt | తెలుగు.txt | ಕನ್ನಡ ರ‍್ಯ.txt | മലയാളം അവന്‍.txt | ශ්‍රී ලංකා.txt'),
  ...list('ภาษาไทย.txt | ພາສາລາວ.txt | ភាសាខ្មែរ.txt | မြန်မာ.txt | བོད་ཡིག.txt | ཧྐྵྨླྺྼྻྂ.txt | አማርኛ.txt | ᠮᠣᠩᠭᠣᠯ.txt'),
  ...list(
    '日本語のファイル.txt | 写真　２０２４／０５.jpg | 葛󠄀飾区.txt | 中文文件：最终版？.docx | 繁體中文.txt | 한국어 파일.hwp | ㄅㄆㄇ.txt',
  ),
  ...list('👩‍👩‍👧‍👦.png | ❤️.png | ✌🏽.gif | 🏳️‍🌈.svg | 🇪🇺.svg | 1️⃣ first.txt | #️⃣.txt | 🏴󠁧󠁢󠁳󠁣󠁴󠁿.png | 🧑🏿‍🚀.jpg | 👁️‍🗨️.png | ☎︎.txt'),

  '½ of ⅔.txt',
  'x² + y³.txt',
  '№ 5.txt',
  '“quoted” — dashed….txt',
  'C♯ ∕ D♭.mid',
  '€100.txt',
  'Ω ≠ ∞.txt',
  '¿Qué no.txt',
  ...list(
    'Screenshot 2024-01-01 at 5.00.00\u202fPM.png | title ⧸ part： 1？.mp4 | console.log | auxiliary.txt | null | nul1 | lpt.txt | com',
  ),
  ...list(
    'desktop.ini | .DS_Store | ._resource | Thumbs.db | .quorum | quorum-x | .quorumx | x.quorum-y | backup~12345678.txt | a~1 b',
  ),
  'x'.repeat(255),
  `${'x'.repeat(250)}.jpeg`,
  '語'.repeat(85),
  'é'.repeat(127),
  '😀'.repeat(63),
  'a.b.c.d.e.f',
  'trailing-',
  '(',
  ')',
]
