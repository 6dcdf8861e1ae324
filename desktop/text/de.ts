/** The text of the window in German. */
import type { en } from './en.ts'

const plural = new Intl.PluralRules('de')
const count = (n: number, one: string, other: string): string =>
  `${n.toLocaleString('de')} ${plural.select(n) === 'one' ? one : other}`

export const de: typeof en = {
  tag: 'de',
  languageName: 'Deutsch',
  appName: 'Quorum',
  unread: (n) => `${n.toLocaleString('de')} ungelesen`,

  common: {
    cancel: 'Abbrechen',
    close: 'Schließen',
    back: 'Zurück',
    continue: 'Weiter',
    copy: 'Kopieren',
    copied: 'Kopiert',
    save: 'Speichern',
    you: 'Du',
    optional: 'optional',
    loading: 'Lädt…',
    retry: 'Erneut versuchen',
    more: 'Mehr',
    quit: 'Quorum beenden',
    actions: 'Aktionen',
  },

  edit: { cut: 'Ausschneiden', paste: 'Einfügen', selectAll: 'Alles auswählen' },

  welcome: {
    title: 'Willkommen bei Quorum',
    intro: 'Schreib und teile Dateien mit Menschen, die du kennst. Ohne Konto, und niemand sonst kann mitlesen.',
    step: (now, all) => `Schritt ${now} von ${all}`,
    nameTitle: 'Wie nennen dich deine Freunde?',
    nameLabel: 'Dein Name',
    nameHint: 'Deine Freunde sehen ihn. Du kannst ihn jederzeit ändern.',
    nameIsInvite: 'Das ist eine Einladung: Sie kommt im nächsten Schritt dran. Gib hier deinen eigenen Namen ein.',
    joinTitle: 'Hat dich jemand eingeladen?',
    joinIntro: 'Eine Einladung verbindet dich mit der Person, die sie geschickt hat.',
    joinLabel: 'Link oder Code der Einladung',
    joinPlaceholder: 'quorum://add/…',
    join: 'Mit der Einladung beitreten',
    joining: 'Anfrage wird gesendet…',
    or: 'oder',
    runTitle: 'Freunde finden dich über diesen Computer',
    runIntro:
      'Quorum betreibt dann hier einen Knoten: ein kleines Programm, über das Freunde einander finden und das nicht ' +
      'mitlesen kann. Es läuft, solange Quorum läuft.',
    run: 'Diesen Computer nutzen',
    running: 'Startet…',
    inviteTitle: 'Lade jemanden ein',
    inviteIntro:
      'Schick diesen Link jemandem, dem du vertraust. Wer ihn öffnet, kann dir eine Anfrage senden, und du ' +
      'entscheidest.',
    askedTitle: (name) => `Anfrage an ${name} gesendet`,
    askedIntro: 'Schreiben könnt ihr, sobald die Anfrage angenommen ist. Bis dahin kannst du weitere Freunde einladen.',
    done: 'Los geht’s',
  },

  invite: {
    title: 'Jemanden einladen',
    link: 'Link',
    code: 'Code zum Vorlesen',
    codeHint: 'Für Freunde, die schon einen deiner Knoten nutzen.',
    codeHintLan: 'Für Freunde im selben Netz, und für solche, die schon einen deiner Knoten nutzen.',
    copyLink: 'Link kopieren',
    qr: 'QR-Code deiner Einladung',
    qrHint: 'Oder lass diesen Code scannen.',
    lasts: 'Der Link gilt eine Woche.',
    noNode: 'Deine Freunde können dich noch nicht finden: Kein Knoten ist verbunden.',
    local:
      'Dein Knoten läuft auf diesem Computer: Freunde im selben Netz erreichen ihn. Für Freunde anderswo füge unter ' +
      'Einstellungen, Knoten einen Knoten im Internet hinzu.',
  },

  add: {
    title: 'Freund hinzufügen',
    inviteTab: 'Jemanden einladen',
    joinTab: 'Ich habe eine Einladung',
    to: 'Link, Code oder Handle',
    note: 'Ein paar Worte dazu',
    notePlaceholder: 'Damit klar ist, wer du bist',
    send: 'Anfrage senden',
    sending: 'Sendet…',
    sent: (name) => `Anfrage an ${name} gesendet`,
    already: (name) => `Du und ${name} seid schon befreundet`,
    friends: (name) => `${name} ist jetzt mit dir befreundet`,
    linkTitle: 'Diese Person hinzufügen?',
    linkIntro: 'Nichts wird gesendet, bevor du bestätigst.',
    notRecognized:
      'Das ist weder ein Einladungslink noch ein Code, auch kein Handle (3 bis 32 von a bis z, 0 bis 9 und . _ -).',
    adds: (name) => `Damit fragst du ${name}, ob ihr euch befreundet.`,
    expired: (name) => `Diese Einladung von ${name} ist abgelaufen. Bitte um eine neue.`,
    expiredShort: 'Diese Einladung ist abgelaufen.',
    needsNode: 'Das geht erst, wenn du einen Knoten benutzt, der die Person kennt. Bitte um den Link.',
    codeNearby: 'Ein Code funktioniert, wenn die Person gerade im selben Netz ist oder ihr einen Knoten teilt.',
    codeNobody: 'In diesem Netz hat niemand diesen Code. Bitte stattdessen um den Link.',
    codeUnknown:
      'In diesem Netz hat niemand diesen Code, und auch keiner deiner Knoten kennt ihn. Prüfe ihn, oder bitte um den ' +
      'Link.',
    codeWrong: {
      'code-length':
        'Ein Code hat 10 Buchstaben und Ziffern, dieser mehr oder weniger. Prüfe ihn, oder bitte um den Link.',
      'code-letter': 'In einem Code kommt kein U vor. Prüfe ihn, vielleicht ist es ein V, oder bitte um den Link.',
    },
    codeContradicted: 'Zu diesem Code meldet sich mehr als eine Person, das ist nicht sicher. Bitte um den Link.',
    known: {
      self: () => 'Das ist deine eigene Einladung: Schicke sie jemand anderem.',
      friend: (name) => `${name} ist schon mit dir befreundet.`,
      incoming: (name) => `${name} hat dich schon gefragt: Damit nimmst du an.`,
      requested: (name) => `Du hast ${name} schon gefragt: Damit fragst du noch einmal.`,
      blocked: (name) => `Du hast ${name} blockiert.`,
    },
  },

  sidebar: {
    label: 'Freunde',
    search: 'Suchen',
    searchKeys: 'Strg K',
    add: 'Freund hinzufügen',
    newGroup: 'Neue Gruppe',
    settings: 'Einstellungen',
    transfers: 'Dateien',
    requests: (n) => count(n, 'Anfrage', 'Anfragen'),
    empty: 'Noch keine Freunde',
    emptyHint: 'Lade jemanden ein, oder nutze eine Einladung, die du bekommen hast.',
    asked: 'Anfrage gesendet, noch keine Antwort',
    wants: 'Möchte mit dir befreundet sein',
    draft: 'Entwurf:',
    blocked: 'Blockiert',
    removed: 'Nicht befreundet',
    noMessages: 'Sag Hallo',
    files: 'Datei',
    recalled: 'Nachricht zurückgenommen',
    online: 'online',
    offline: 'offline',
    unreachable: 'Deine Knoten sind nicht erreichbar',
  },

  request: {
    again: 'Noch einmal fragen',
    title: 'Freundschaftsanfragen',
    wants: (name) => `${name} möchte mit dir befreundet sein`,
    accept: 'Annehmen',
    decline: 'Ablehnen',
    block: 'Blockieren',
    note: 'Nachricht dazu:',
    noNote: 'Die Anfrage enthält keine Nachricht.',
    unknown: 'Nimm nur Anfragen von Menschen an, die du kennst. Eine Ablehnung wird nicht mitgeteilt.',
    accepted: (name) => `Du bist jetzt mit ${name} befreundet.`,
    namesake: (name) => `Das ist nicht die Person, die du als ${name} kennst`,
    namesakeIntro:
      'Das ist eine andere Identität. Vielleicht hat die Person neu angefangen, vielleicht benutzt jemand ' +
      'anderes den Namen: Namen sind frei wählbar. Frag auf einem anderen Weg nach, bevor du weitermachst.',
    namesakeKnown: 'Dir bekannt',
    namesakeNew: 'Diese Person',
    acceptNamesake: 'Als andere Person annehmen',
    outTitle: (name) => `${name} hat noch nicht geantwortet`,
    outIntro: 'Deine Anfrage wartet, auch während du offline bist. Schreiben könnt ihr, sobald sie angenommen ist.',
    withdraw: 'Anfrage zurückziehen',
  },

  conversation: {
    none: 'Wähle ein Gespräch',
    noneHint: 'oder lade jemanden zu einem neuen ein.',
    start: (name) => `Dein Gespräch mit ${name} beginnt hier.`,
    private: 'Nur ihr beide könnt es lesen.',
    messages: 'Nachrichten',
    unreadHere: 'Neue Nachrichten',
    latest: 'Zur neuesten Nachricht',
    typing: (name) => `${name} schreibt…`,
    details: 'Details',
    hideDetails: 'Details ausblenden',
    searchHere: 'In diesem Gespräch suchen',
    blocked: 'Du hast diese Person blockiert. Sie erreicht dich nicht.',
    held: {
      'too-much': (name) => `${name} sendet sehr viel. Was noch kommt, wartet, bis du entscheidest.`,
      'disk-full': (name) =>
        `Die Festplatte ist fast voll. Was ${name} schreibt, wartet, bis Platz ist, und kommt dann von selbst.`,
    },
    receiveMore: 'Weiter empfangen',
    askedAgain: (name) =>
      `Du hast ${name} noch einmal gefragt, falls du entfernt wurdest. Was du schreibst, wartet auf die Antwort.`,
    removedHere: 'Ihr seid nicht befreundet. Eure Nachrichten bleiben hier.',
    loadFailed: 'Die Nachrichten konnten nicht geladen werden.',
  },

  group: {
    newTitle: 'Neue Gruppe',
    name: 'Name der Gruppe',
    nameHint: 'Alle, die gefragt werden, sehen ihn.',
    whom: 'Wen möchtest du fragen?',
    chosen: (n) => `${count(n, 'Freund', 'Freunde')} ausgewählt`,
    find: 'Freund finden',
    nobody: 'Es ist niemand da, den du fragen könntest. Das geht nur bei Freunden.',
    create: 'Gruppe gründen',
    asked: (n) => `${count(n, 'Freund ist', 'Freunde sind')} gefragt`,
    members: (n) => count(n, 'Mitglied', 'Mitglieder'),
    membersOnline: (n, online) => `${count(n, 'Mitglied', 'Mitglieder')}, ${online.toLocaleString('de')} online`,
    others: (n) => `${n.toLocaleString('de')} weitere`,
    muted: 'stumm',
    said: (who, what) => `${who}: ${what}`,
    typingTwo: (one, other) => `${one} und ${other} schreiben…`,
    typingMany: (n) => `${n.toLocaleString('de')} Personen schreiben…`,
    start: 'Was du von dieser Gruppe weißt, beginnt hier.',
    private: 'Nur ihre Mitglieder können lesen, was darin gesagt wird.',
    alone: 'Noch ist niemand sonst in dieser Gruppe.',
    invitation: 'Einladung in eine Gruppe',
    invitationTo: (name) => `Einladung in die Gruppe ${name}`,
    invitedByYou: 'Du hast in diese Gruppe eingeladen',
    invitationOver: 'Diese Einladung gilt nicht mehr.',
    asks: (who) => `${who} lädt dich in diese Gruppe ein`,
    open: 'Gruppe öffnen',
    join: 'Beitreten',
    decline: 'Ablehnen',
    joining: (who) => `Du hast zugesagt. Du bist dabei, sobald ${who} online ist.`,
    joiningShort: 'Du hast zugesagt und bist noch nicht dabei',
    left: 'Du hast diese Gruppe verlassen. Was bis dahin gesagt wurde, bleibt hier.',
    leftShort: 'Du hast sie verlassen',
    removed: 'Du wurdest aus dieser Gruppe entfernt. Was bis dahin gesagt wurde, bleibt hier.',
    removedBy: (who) => `${who} hat dich aus dieser Gruppe entfernt. Was bis dahin gesagt wurde, bleibt hier.`,
    removedShort: 'Du wurdest entfernt',
    frozen:
      'Niemand ist mehr da, der Mitglieder aufnehmen oder entfernen könnte. Du kannst weiter schreiben oder eine ' +
      'neue Gruppe gründen.',
    noFiles: 'Dateien lassen sich noch nicht an eine Gruppe senden.',
    since: (date) => `Hier seit ${date}`,
    founder: 'Gründer',
    admin: 'Verwalter',
    adminOf: (rank) => `Verwalter, Rang ${rank.toLocaleString('de')}`,
    noFriend: 'nicht mit dir befreundet',
    askedFriend: 'nach Freundschaft gefragt',
    memberActions: (name) => `Aktionen für ${name}`,
    write: 'Allein schreiben',
    askFriend: 'Nach Freundschaft fragen',
    friendAsked: (name) => `Anfrage an ${name} gesendet`,
    friendNow: (name) => `${name} ist jetzt mit dir befreundet`,
    makeAdmin: 'Zum Verwalter machen',
    takeOffice: 'Nicht mehr Verwalter',
    remove: 'Aus der Gruppe entfernen',
    removeTitle: (name) => `${name} aus der Gruppe entfernen?`,
    removeIntro:
      'Was danach gesagt wird, kommt dort nicht mehr an. Die Person erfährt, dass du sie entfernt hast, und behält, ' +
      'was sie hat.',
    removeUndo:
      'Auch rückgängig machen, was diese Person in der Gruppe entschieden hat: wer aufgenommen oder entfernt wurde, ' +
      'Ämter und Namen',
    removeDo: 'Entfernen',
    invite: 'Freunde einladen',
    inviteTitle: (name) => `In ${name} einladen`,
    inviteDo: 'Einladen',
    history: 'Was sie vom bisher Gesagten sehen',
    historyHint: 'Wer dazukommt, kann es weitergeben.',
    histories: { none: 'Nichts', last: 'Die letzten 100 Nachrichten', all: 'Alles' },
    rename: 'Umbenennen',
    renameTitle: 'Gruppe umbenennen',
    mute: 'Stummschalten',
    unmute: 'Nicht mehr stumm',
    leave: 'Gruppe verlassen',
    leaveTitle: (name) => `${name} verlassen?`,
    leaveIntro:
      'Was danach gesagt wird, kommt bei dir nicht mehr an. Die anderen sehen, dass du weg bist. Zurück kommst du ' +
      'nur, wenn dich jemand einlädt.',
    leaveFrozen:
      'Von den anderen könnte dann niemand Mitglieder aufnehmen oder entfernen. Mach zuerst jemanden zum Verwalter.',
    leaveForget: 'Auch von diesem Computer löschen, was gesagt wurde',
    leaveDo: 'Verlassen',
    forget: 'Gruppe löschen',
    forgetTitle: (name) => `${name} löschen?`,
    forgetIntro: 'Was darin gesagt wurde, wird von diesem Computer gelöscht. Die anderen behalten es.',
    forgetDo: 'Löschen',
  },

  composer: {
    placeholder: (name) => `Nachricht an ${name}`,
    send: 'Senden',
    attach: 'Dateien senden',
    chooseFiles: 'Dateien wählen…',
    chooseFolder: 'Ordner wählen…',
    emoji: 'Emoji',
    replying: (name) => `Antwort an ${name}`,
    replyingOwn: 'Antwort auf deine eigene Nachricht',
    cancelReply: 'Nicht antworten',
    tooLong: 'Das ist zu lang für eine Nachricht.',
    picture: (when) => `Bild ${when}`,
    notAFile: 'Von hier lässt sich das nicht senden. Speichere es zuerst als Datei.',
    offline: (name) => `${name} ist nicht da. Was du schreibst, wartet hier und wird gesendet, wenn ihr beide da seid.`,
    away: (name) => `${name} ist nicht da. Was du schreibst, kommt an, sobald ${name} zurück ist.`,
  },

  message: {
    reply: 'Antworten',
    copy: 'Text kopieren',
    recall: 'Zurücknehmen',
    actions: 'Aktionen für die Nachricht',
    recalled: 'Du hast diese Nachricht zurückgenommen',
    unknown: 'Diese Nachricht braucht ein neueres Quorum. Aktualisiere es, um solche Nachrichten zu lesen.',
    original: 'Die ursprüngliche Nachricht ist nicht verfügbar',
    inviteFrom: (who) => `Einladung von ${who}`,
    inviteAdd: 'Hinzufügen',
    inviteOpen: 'Öffnen',
    inviteOwn: 'Deine eigene Einladung',
    inviteFriend: 'Schon mit dir befreundet',
    inviteDamaged: 'Eine beschädigte Einladung: Bitte noch einmal darum.',
    from: (who, time) => `${who}, ${time}`,
    times: (sent, arrived) => `Gesendet: ${sent}. Angekommen: ${arrived}`,
    states: {
      queued: 'Wartet: wird gesendet, sobald eine Verbindung besteht',
      sent: 'Gesendet',
      delivered: 'Zugestellt',
      read: 'Gelesen',
      recalled: 'Zurückgenommen',
    },
    left: { title: 'Hinterlegt: kommt an, sobald die Person zurück ist', short: 'hinterlegt' },
    shortStates: {
      queued: 'wartet',
      sent: 'gesendet',
      delivered: 'zugestellt',
      read: 'gelesen',
      recalled: 'zurückgenommen',
    },
  },

  link: {
    title: 'Diesen Link öffnen?',
    intro: 'Er öffnet sich in deinem Browser. Die Website kann dann deine IP-Adresse sehen.',
    lookalike:
      'Dieser Name enthält Buchstaben aus einem anderen Alphabet. Vielleicht ist es nicht die Website, ' +
      'nach der er aussieht.',
    open: 'Öffnen',
    openThis: 'Link öffnen…',
    copy: 'Link kopieren',
  },

  questions: {
    weaker: 'Weniger schützen als bisher?',
    weakerDo: 'Ändern',
    passphrase: 'Ab jetzt dieses Passwort benutzen?',
    passphraseDo: 'Passwort benutzen',
    noPassphrase: 'Das Passwort entfernen?',
    noPassphraseIntro: 'Wer diesen Computer benutzen kann, kann dann Quorum öffnen und alles darin lesen.',
    verify: (name) => `Sieht ${name} dieselben Ziffern?`,
    node: 'Diesen Knoten benutzen?',
    nodeIntro: 'Wer ihn betreibt, erfährt deine Adresse und mit wem du in Kontakt bist.',
    runIntro: 'Deine Freunde erfahren die Adressen des Knotens. Eine davon kann verraten, wo du bist.',
  },

  path: {
    label: 'Verbindung',
    direct: 'Direkt verbunden',
    relayed: 'Über einen Knoten verbunden, der nicht mitlesen kann',
    waiting: (name) => `Wartet auf ${name}`,
    connecting: 'Verbindet…',
    directLong: 'Ihr seid direkt verbunden, von Computer zu Computer.',
    relayedLong: 'Ein Knoten leitet eure verschlüsselten Nachrichten weiter. Lesen kann er sie nicht.',
    noneLong: 'Ihr seid nicht verbunden. Nachrichten warten und werden automatisch gesendet.',
    noNode: 'Keiner deiner Knoten ist erreichbar, darum sind deine Freunde im Moment nicht zu finden.',
    since: 'Seit',
    delay: 'Verzögerung',
    milliseconds: (n) => `${n} ms`,
    node: 'Knoten',
    transport: 'Art',
    transports: { tcp: 'TCP', websocket: 'WebSocket' },
    address: 'Adresse',
    tried: 'Was versucht wurde',
    nothingTried: 'Es waren keine Versuche nötig.',
    help: 'Woran es liegt, und was hilft',
    advice: {
      'node-refuses': 'Der Knoten trägt dieses Gespräch nicht: Ein zweiter Knoten, den ihr beide nutzt, würde helfen.',
      'node-misleads': 'Der Knoten verbindet dich mit jemand anderem, was abgelehnt wird: Nimm einen anderen Knoten.',
      'direct-only':
        'Hier sind nur direkte Verbindungen erlaubt: Knoten zu erlauben würde helfen, wo keine Adresse antwortet.',
      'not-admitted': 'Dein Knoten nimmt dich nicht an: Frag den Betreiber, oder füge einen anderen Knoten hinzu.',
      'node-full': 'Dein Knoten ist voll: Alle paar Minuten wird es wieder versucht; ein anderer Knoten würde helfen.',
      'no-node': 'Keiner deiner Knoten antwortet: Prüfe dein Netz, oder füge einen anderen Knoten hinzu.',
      'foreign-node':
        'Dort wird ein Knoten benutzt, der keiner von deinen ist, und deine Wahl zu direkten Verbindungen erlaubt ' +
        'keinen anderen: Ihn hinzuzufügen würde helfen, oder die Verbindung kommt über deinen Knoten zustande.',
      away: 'Vermutlich ist dort gerade niemand online: Sobald sich das ändert, seid ihr von selbst verbunden.',
      'direct-off':
        'Direkte Verbindungen sind hier abgeschaltet, um deine Adresse zu verbergen, darum geht alles über ' +
        'einen Knoten.',
      unverified:
        'Nur überprüfte Freunde werden hier direkt verbunden: Die Sicherheitsnummer zu vergleichen würde es erlauben.',
      moved:
        'An der letzten bekannten Adresse antwortet jemand anderes: Das behebt sich, sobald die neue mitgeteilt wird.',
      silent:
        'Ein Router oder eine Firewall lässt nichts durch: Eine Portweiterleitung zu Quorum an einem eurer ' +
        'beiden Router würde helfen.',
      refused:
        'Der andere Computer lehnt die Verbindung ab: Quorum in seiner Firewall zu erlauben oder neu zu ' +
        'starten würde helfen.',
      'no-route':
        'Aus deinem Netz führt kein Weg in das andere: Dasselbe Netz oder eine Portweiterleitung zu Quorum ' +
        'an einem eurer beiden Router würde helfen.',
      'no-address':
        'Es gibt dort keine Adresse, die von hier aus erreichbar ist: Eine Portweiterleitung zu Quorum an ' +
        'einem eurer beiden Router würde helfen.',
      limited:
        'Der Knoten begrenzt, wie viel er trägt: Große Dateien sind jetzt langsam oder warten auf einen ' +
        'direkten Weg oder einen anderen Knoten.',
    },
    technical: 'Technische Details',
    again: 'Jetzt versuchen',
    kinds: { public: 'Internetadresse', lan: 'Lokales Netz', punch: 'Durch beide Router', relay: 'Über einen Knoten' },
    outcomes: {
      connected: 'funktioniert',
      'not-needed': 'nicht nötig, ein anderer Weg war schneller',
      silent: 'keine Antwort',
      refused: 'abgelehnt',
      'no-route': 'kein Weg in dieses Netz',
      'wrong-peer': 'unter dieser Adresse antwortet jemand anderes',
      away: 'nicht online',
      failed: 'fehlgeschlagen',
    },
  },

  details: {
    title: 'Details',
    handle: 'Handle',
    added: 'Befreundet seit',
    away: 'Bei Abwesenheit',
    awayLeft: 'Nachrichten kommen an',
    awayWaits: 'Nachrichten warten hier',
    lastSeen: 'Zuletzt online',
    online: 'Online',
    verified: 'Überprüft',
    notVerified: 'Noch nicht überprüft',
    verify: 'Sicherheitsnummer vergleichen',
    verifyHint: 'Stellt sicher, dass niemand euer Gespräch abfängt.',
    files: 'Geteilte Dateien',
    noFiles: 'Noch keine Dateien',
    allFiles: 'Alle Dateien',
    manage: 'Verwalten',
    remove: 'Freundschaft beenden',
    block: 'Blockieren',
    unblock: 'Nicht mehr blockieren',
    removeTitle: (name) => `Freundschaft mit ${name} beenden?`,
    removeIntro:
      'Ihr könnt einander nicht mehr schreiben. Die Nachrichten bleiben auf beiden Seiten. ' +
      'Die andere Person erfährt nichts davon.',
    removeDo: 'Beenden',
    blockTitle: (name) => `${name} blockieren?`,
    blockIntro: 'Die Person kann dich nicht mehr erreichen und erfährt nichts davon. Du kannst das jederzeit aufheben.',
    blockDo: 'Blockieren',
    id: 'Identität',
  },

  safety: {
    title: (name) => `Sicherheitsnummer mit ${name}`,
    intro: (name) =>
      `Vergleiche diese Ziffern mit ${name}, nebeneinander oder am Telefon. Sind sie auf beiden ` +
      'Bildschirmen gleich, fängt niemand euer Gespräch ab.',
    qr: 'Dieselbe Nummer als QR-Code',
    number: 'Sicherheitsnummer',
    confirm: 'Sie stimmen überein: als überprüft markieren',
    undo: 'Überprüfung aufheben',
    verified: 'Du hast diese Person überprüft.',
    goOn: 'Trotzdem schreiben',
    keyChanged:
      'Die Identität hinter diesem Namen ist nicht die, die du überprüft hast. Frag auf einem anderen Weg ' +
      'nach, bevor du weitermachst.',
  },

  files: {
    title: 'Dateien',
    empty: 'Noch keine Dateien gesendet oder empfangen',
    emptyHint: 'Zieh Dateien in ein Gespräch, um sie zu senden.',
    drop: (name) => `Hier loslassen, um an ${name} zu senden`,
    send: 'Senden',
    sendTitle: (name) => `An ${name} senden`,
    offers: (name) => `${name} möchte dir senden`,
    offered: 'Du bietest an',
    count: (n) => count(n, 'Datei', 'Dateien'),
    folder: 'Ordner',
    andMore: (n) => `und ${n.toLocaleString('de')} weitere`,
    accept: 'Annehmen',
    saveAs: 'Speichern in…',
    decline: 'Ablehnen',
    pause: 'Anhalten',
    resume: 'Fortsetzen',
    cancel: 'Abbrechen',
    open: 'Im Ordner zeigen',
    savedAs: (name) => `Gespeichert als ${name}`,
    savedIn: (folder) => `Gespeichert in ${folder}`,
    progress: (done, all) => `${done} von ${all}`,
    speed: (amount) => `${amount}/s`,
    left: (time) => `noch ${time}`,
    seconds: (n) => count(n, 'Sekunde', 'Sekunden'),
    minutes: (n) => count(n, 'Minute', 'Minuten'),
    hours: (n) => count(n, 'Stunde', 'Stunden'),
    states: {
      offered: 'Wartet auf eine Antwort',
      waiting: 'Wartet auf andere Dateien oder auf die andere Person',
      active: 'Wird übertragen',
      paused: 'Angehalten',
      done: 'Fertig',
      declined: 'Abgelehnt',
      cancelled: 'Abgebrochen',
      failed: 'Fehlgeschlagen',
    },
    offeredAway: 'Nicht da. Die Antwort kommt später; übertragen wird, während ihr beide da seid.',
    pausedBy: {
      me: 'Von dir angehalten',
      them: 'Von der anderen Person angehalten',
      both: 'Von euch beiden angehalten',
    },
    enlarge: 'Größer zeigen',
    noPicture: 'Keine Vorschau',
    missing: (n) => `${count(n, 'Datei fehlt', 'Dateien fehlen')}:`,
    cannotSend: (n) => `${count(n, 'Datei lässt', 'Dateien lassen')} sich nicht senden:`,
    missingWhy: {
      unreadable: 'nicht lesbar',
      name: 'der Name ist kein Text',
      size: 'die Größe ist unbekannt',
      link: 'eine Verknüpfung, ihr wird nicht gefolgt',
      special: 'eine Pipe, ein Socket oder ein Gerät',
      changed: 'seit dem Angebot geändert, verschoben oder gelöscht',
    },
    sendMissing: 'Noch einmal senden',
    askAgain: 'Die andere Person kann sie noch einmal senden.',
    risky: 'Solche Dateien können Programme ausführen. Öffne sie nur, wenn du sie erwartet hast.',
    notYet: 'Mit dieser Version lassen sich noch keine Dateien senden.',
    tooMany: 'Zu viele Dateien auf einmal. Leg sie in einen Ordner und sende den Ordner.',
    tooManyOffered:
      'Zu viele deiner Dateien warten dort auf eine Antwort. Sende diese noch einmal, wenn einige beantwortet sind.',
    refused: (name: string): string =>
      `${name} bietet mehr Dateien an, als du beantwortet hast. Einige wurden abgewiesen: Beantworte erst die anderen.`,
    notListed: 'Dateien, die abgewiesen wurden oder nicht mehr in der Liste stehen',
    showMore: (n: number): string => `Ältere zeigen (${n.toLocaleString('de')})`,
  },

  banner: {
    offline: (since) => `Seit ${since} ist kein Knoten erreichbar.`,
    offlineHint: 'Quorum versucht es weiter. Deine Nachrichten warten und werden automatisch gesendet.',
    noNode: 'Du hast noch keinen Knoten, darum finden dich deine Freunde nicht.',
    noNodeDo: 'Einrichten',
    peerEnded: 'Der Teil von Quorum, der sich mit deinen Freunden verbindet, wurde beendet und startet neu.',
    peerBack: 'Er läuft wieder. Es ist nichts verloren gegangen.',
  },

  search: {
    title: 'Suche',
    label: 'Freunde und Nachrichten suchen',
    placeholder: 'Freunde und Nachrichten suchen',
    friends: 'Freunde',
    groups: 'Gruppen',
    messages: 'Nachrichten',
    none: 'Nichts gefunden',
    hint: 'Gib einen Namen oder ein Wort aus einer Nachricht ein.',
    in: (name) => `Im Gespräch mit ${name}`,
  },

  settings: {
    title: 'Einstellungen',
    profile: 'Profil',
    nodes: 'Knoten',
    privacy: 'Privatsphäre',
    notifications: 'Mitteilungen',
    appearance: 'Aussehen',
    storage: 'Speicher',
    about: 'Über Quorum',
    saved: 'Gespeichert',

    name: 'Dein Name',
    nameHint: 'Deine Freunde sehen ihn.',
    nameIsInvite: 'Das ist eine Einladung. Nutze sie unter Freund hinzufügen.',
    handle: 'Handle',
    handleHint:
      'Ein kurzer Name, unter dem Freunde dich über deine Knoten finden. 3 bis 32 Zeichen: ' +
      'a\u2060–\u2060z, 0\u2060–\u20609, Punkt, Strich, Unterstrich.',
    handlePlaceholder: 'keiner',
    identity: 'Deine Identität',
    identityHint: 'Sie ändert sich nie. Wer sie kennt, kann dir ohne Einladung eine Anfrage senden.',

    nodesIntro:
      'Ein Knoten ist ein kleines Programm auf einem Computer, der immer läuft. Er hilft Freunden, dich zu finden, ' +
      'und leitet weiter, was nicht direkt gesendet werden kann. Lesen kann er nichts.',
    nodeStates: { connected: 'Verbunden', connecting: 'Verbindet…', unreachable: 'Nicht erreichbar' },
    nodeProblems: {
      'not-admitted':
        'Dieser Knoten nimmt dich nicht an: Sein Betreiber bestimmt, wer ihn benutzen darf. Frag ihn, oder nimm ' +
        'einen anderen Knoten.',
      'wrong-peer': 'Dort antwortet eine andere Identität: Frag den Betreiber nach der jetzigen Adresse des Knotens.',
      'not-a-node': 'Dort antwortet Quorum, aber kein Knoten.',
      certificate:
        'Das Zertifikat dort gilt nicht für diesen Namen und diese Zeit, oder seine Zertifizierungsstelle ist hier ' +
        'nicht bekannt: Der Betreiber muss es erneuern, oder die Uhr dieses Computers geht falsch.',
      'no-websocket':
        'Dort antwortet ein Server, der nichts an einen Knoten weiterleitet: Vielleicht läuft der Knoten nicht.',
      web:
        'Dort antwortet ein Webserver: Der Adresse fehlt vielleicht /tls/ws oder /ws vor /p2p/, oder der Port ist ' +
        'falsch.',
      ssh: 'Dort antwortet ein SSH-Server: Der Port in der Adresse ist falsch.',
      'other-service': 'Dort antwortet etwas anderes als Quorum: Vielleicht ist der Port in der Adresse falsch.',
      closed:
        'Die Verbindung wird sofort beendet: Vielleicht hat der Knoten keinen Platz, oder unterwegs wird nichts ' +
        'durchgelassen.',
      refused: 'Der Computer lehnt die Verbindung ab: Der Knoten läuft dort nicht oder hat einen anderen Port.',
      'unknown-name': 'Einen Computer dieses Namens gibt es nicht.',
      'no-route': 'Dieses Netz hat keinen Weg zu dem Computer.',
      silent: 'Dort antwortet nichts: Der Computer ist aus, oder eine Firewall lässt nichts durch.',
      failed: 'Er ist nicht erreichbar.',
    },
    nodeFull: (time) => `Dieser Knoten ist voll; der nächste Versuch ist um ${time}`,
    nodeFullShort: 'Der Knoten ist voll',
    nodeNotAdmitted: 'Der Knoten nimmt dich nicht an',
    nodeHere: 'Auf diesem Computer',
    nodeRelays: 'leitet Gespräche weiter',
    nodeAdd: 'Knoten hinzufügen',
    nodeAddHint: 'Füge die Adresse ein, die du vom Betreiber bekommen hast.',
    nodeAddPlaceholder: '/dns4/node.example.org/tcp/4001/p2p/…',
    nodeAddDo: 'Hinzufügen',
    nodeWrong: {
      form: 'Das ist keine Adresse eines Knotens. Kopiere eine ganze Zeile, die mit /dns4/ oder /ip4/ beginnt.',
      host: 'Nach /dns4/ oder /ip4/ steht kein Rechner im Internet.',
      port: 'Nach /tcp/ steht kein Port von 1 bis 65535.',
      transport: 'Zwischen Rechner und Identität kennt Quorum nur /tcp/ mit einem Port, dann nichts, /ws oder /tls/ws.',
      peer: 'Nach /p2p/ steht keine Identität eines Knotens. Kopiere sie vollständig und nichts danach.',
    },
    nodeRemove: 'Entfernen',
    nodeNone: 'Noch kein Knoten',
    runTitle: 'Einen Knoten für meine Freunde betreiben',
    runHint: 'Der Knoten läuft, solange Quorum läuft. Wer mit deiner Einladung beitritt, nutzt ihn auch.',
    runTrouble: 'Er wurde unerwartet beendet und startet neu.',

    direct: 'Wer meine Internetadresse erfahren darf',
    directHint: {
      auto: 'Freunde werden direkt erreicht. Das ist am schnellsten, aber sie können erfahren, wo du bist.',
      verified:
        'Nur Freunde, deren Sicherheitsnummer du verglichen hast, werden direkt erreicht, alle anderen über Knoten.',
      never: 'Alles geht über deine eigenen Knoten und dauert länger. Deine Freunde erfahren nicht, wo du bist.',
      only: 'Nichts geht über Knoten. Freunde, die nicht direkt erreichbar sind, sind gar nicht erreichbar.',
    },
    directChoices: {
      auto: 'Alle Freunde',
      verified: 'Überprüfte Freunde',
      never: 'Niemand',
      only: 'Alle Freunde, nie über Knoten',
    },
    readReceipts: 'Freunde erfahren, was ich gelesen habe',
    readReceiptsHint:
      'Ist das aus, sehen Freunde, dass Nachrichten angekommen sind, aber nicht, dass du sie gelesen hast.',
    typingMarks: 'Freunde erfahren, dass ich schreibe',
    lan: 'Im lokalen Netz verbinden',
    lanHint:
      'Freunde erfahren deine Adresse im lokalen Netz, und Dateien zwischen euch bleiben darin. Codes von ' +
      'Einladungen funktionieren dort.',
    mdns: 'Freunde im lokalen Netz ohne Knoten finden',
    mdnsHint: 'Alle in diesem Netz können sehen, dass du Quorum nutzt, und unter welcher Identität.',
    upnp: 'Den Router bitten, Freunde durchzulassen',
    upnpHint:
      'Öffnet einen Port an deinem Router, solange Quorum läuft, damit Freunde dich von außen direkt erreichen.',
    passphrase: 'Passwort',
    passphraseHint:
      'Schützt alles in Quorum auf diesem Computer. Ein vergessenes Passwort kann niemand wiederherstellen. ' +
      'Wird es festgelegt oder geändert, sperrt sich Quorum: Öffne es mit dem neuen.',
    passphraseNow: 'Aktuelles Passwort',
    passphraseNew: 'Neues Passwort',
    passphraseShort: 'Ein kurzes lässt sich erraten. Besser sind vier Wörter, die nichts miteinander zu tun haben.',
    passphraseAgain: 'Neues Passwort wiederholen',
    passphraseSet: 'Passwort festlegen',
    passphraseChange: 'Passwort ändern',
    passphraseRemove: 'Passwort entfernen',
    passphraseDiffer: 'Die beiden Passwörter sind verschieden.',
    lockNow: 'Jetzt sperren',
    lockAfter: 'Sperren, wenn ich weg bin',
    lockNever: 'Nie',
    lockMinutes: (n) => `Nach ${count(n, 'Minute', 'Minuten')}`,
    lockHint:
      'Auch wenn der Bildschirm gesperrt wird und wenn der Computer schlafen geht. Solange Quorum gesperrt ist, ' +
      'kommt nichts an, und für Freunde bist du offline.',
    lockNeeds:
      'Lege zuerst ein Passwort fest. Dann sperrt sich Quorum nach 15 Minuten, mit dem Bildschirm und im Ruhezustand.',

    notifyShow: 'Mitteilungen zeigen',
    notifyFull: 'Name und Nachricht',
    notifyName: 'Nur den Namen',
    notifyNone: 'Nur, dass es etwas gibt',
    notifyOff: 'Keine Mitteilungen',

    theme: 'Farben',
    themes: { system: 'Wie das System', light: 'Hell', dark: 'Dunkel' },
    textSize: 'Schriftgröße',
    textSizes: { small: 'Klein', normal: 'Normal', large: 'Groß', larger: 'Größer' },
    language: 'Sprache',
    languageSystem: 'Wie das System',
    closeToTray: 'Weiterlaufen, wenn das Fenster geschlossen wird',
    closeToTrayHint: 'Quorum bleibt in der Taskleiste, und Nachrichten kommen weiter an.',
    startAtLogin: 'Beim Anmelden starten',

    downloads: 'Empfangene Dateien',
    downloadsHint: (folder) =>
      `Sie werden im Ordner ${folder} gespeichert, wenn du für eine Übertragung keinen anderen wählst.`,
    downloadsChoose: 'Anderen Ordner wählen…',
    erase: 'Alles löschen',
    eraseHint:
      'Löscht deine Identität, deine Freunde, alle Nachrichten und unfertige Dateien von diesem Computer und bittet ' +
      'deine Knoten, dich zu vergessen. Empfangene Dateien bleiben.',
    eraseTitle: 'Alles löschen?',
    eraseIntro: 'Niemand kann das rückgängig machen, auch du nicht. Für deine Freunde bist du dann dauerhaft offline.',
    eraseType: (word) => `Gib „${word}“ ein, um fortzufahren`,
    eraseWord: 'löschen',
    eraseDo: 'Löschen und beenden',

    version: 'Version',
    aboutText: 'Quorum ist freie Software unter der MIT-Lizenz.',
    report: 'Wenn etwas nicht funktioniert',
    reportHint:
      'Mit einem Bericht können andere dir helfen. Er enthält Versionen, Einstellungen, Anzahlen und die ' +
      'letzten Zeilen des Protokolls, aber keine Namen, Identitäten, Adressen, Nachrichten oder Dateien. ' +
      'Er ist reiner Text: Lies ihn, bevor du ihn verschickst.',
    reportSave: 'Bericht speichern…',
    reportSaved: 'Der Bericht ist gespeichert. Lies ihn, bevor du ihn verschickst.',
    keys: 'Tastatur',
    keyNames: { ctrl: 'Strg', shift: 'Umschalt' },
    keyList: {
      search: 'Suchen',
      next: 'Nächstes Gespräch',
      previous: 'Voriges Gespräch',
      add: 'Freund hinzufügen',
      group: 'Neue Gruppe',
      settings: 'Einstellungen',
      details: 'Details ein- oder ausblenden',
      files: 'Dateien',
      newline: 'Neue Zeile in einer Nachricht',
      close: 'Schließen, oder ein Feld verlassen',
    },
  },

  backup: {
    title: 'Sicherung',
    hint:
      'Eine verschlüsselte Datei mit deiner Identität, deinen Freunden und allen Nachrichten. Mit ihr geht es nach ' +
      'einem Verlust oder auf einem neuen Computer weiter. Empfangene Dateien sind nicht darin.',
    open: 'Sichern…',
    intro: 'Wer die Datei hat und was sie öffnet, hat alles darin, und niemand kann das später verhindern.',
    opensWith: 'Geöffnet wird sie mit',
    words: '24 Wörtern',
    passphrase: 'Eigenem Passwort',
    wordsHint: 'Sie werden einmal gezeigt, damit du sie aufschreibst. Niemand kann sie erraten.',
    passphraseHint: 'Wer die Datei hat, kann beliebig lange raten.',
    passphraseLabel: 'Passwort der Sicherung',
    where: 'Speicherort wählen…',
    writing: 'Die Sicherung wird geschrieben. Sobald sie fertig ist, geht es weiter.',
    done: 'Die Sicherung ist gespeichert.',
    wordsTitle: 'Schreib diese 24 Wörter auf',
    wordsIntro: 'Auf Papier, mit den Nummern, und getrennt von der Datei aufbewahrt. Die Sicherung ist gespeichert.',
    wordsWarning: 'Sie werden nicht wieder gezeigt. Ohne sie öffnet niemand die Sicherung, auch du nicht.',
    written: 'Ich habe sie aufgeschrieben',
    last: (date) => `Letzte Sicherung: ${date}`,
    weekly: 'Wöchentliche Sicherungen',
    weeklyHint:
      'In einen Ordner, den du wählst; die neuesten drei bleiben. Was sie öffnet, steht in diesem Profil: Wer es ' +
      'öffnet und den Ordner hat, kann auch die älteren lesen, mit allem, was du seither gelöscht hast.',
    weeklyIn: (folder) =>
      `Im Ordner ${folder}; die neuesten drei bleiben. Für neue Wörter schalte das aus und wieder ein.`,
    weeklyIntro:
      'Die erste entsteht jetzt. Dieselben Wörter oder dasselbe Passwort öffnen alle, für jeden, der den Ordner hat.',
    weeklyWhere: 'Ordner wählen…',
    weeklyDone: 'Die erste ist gespeichert.',
    weeklyFailed: 'Die wöchentliche Sicherung klappt nicht; jede Stunde wird es neu versucht.',
    reminder: 'Geht dieser Computer verloren, sind Freunde und Nachrichten weg: Es gibt noch keine Sicherung.',
    dismiss: 'Nicht wieder daran erinnern',
    have: 'Ich habe eine Sicherung',
    restoreTitle: 'Eine Sicherung einspielen',
    restoreIntro: 'Für deine Freunde bist du dann dieselbe Person, mit allen Nachrichten bis zum Tag der Sicherung.',
    choose: 'Datei wählen…',
    chooseOther: 'Andere Datei wählen…',
    typeWords: 'Die 24 Wörter',
    typed: (n) => `${n.toLocaleString('de')} von 24 Wörtern. Sie sind englisch; Nummern sind egal.`,
    onlyOne:
      'Öffne das alte Profil nicht wieder: Nur eines von beiden darf laufen. Hier hat es kein Passwort, bis du unter ' +
      'Einstellungen, Privatsphäre eines setzt.',
    restore: 'Einspielen',
    restoring: 'Die Sicherung wird geprüft…',
    wordsCount: 'Eine Sicherung hat 24 Wörter.',
    wordUnknown: (n) => `Wort ${n.toLocaleString('de')} kommt in keiner Sicherung vor.`,
    wordsOrder: 'Diese Wörter gehören nicht zusammen: Eines ist ein anderes, oder zwei sind vertauscht.',
    wrong: 'Das öffnet die Sicherung nicht. Es wurde nichts verändert.',
  },

  lock: {
    title: 'Quorum ist gesperrt',
    intro: 'Gib dein Passwort ein, um es zu entsperren.',
    label: 'Passwort',
    open: 'Entsperren',
    opening: 'Öffnet…',
    wrong: 'Falsches Passwort.',
    offline: 'Solange Quorum gesperrt ist, kommt nichts an, und für deine Freunde bist du offline.',
    forgotten: 'Passwort vergessen?',
    forgottenIntro:
      'Niemand kann es wiederherstellen, denn es ist nirgends gespeichert. Ohne das Passwort bleibt nur ein neuer ' +
      'Anfang: Lösche hier alles, starte Quorum neu und lade deine Freunde noch einmal ein.',
    erase: 'Alles löschen…',
  },

  failed: {
    title: 'Quorum kann dieses Profil nicht öffnen',
    intro: 'Es wurde nichts verändert.',
  },

  notices: {
    message: 'Neue Nachricht',
    request: 'Möchte mit dir befreundet sein',
    invited: 'Du bist in eine Gruppe eingeladen',
    accepted: 'Hat deine Anfrage angenommen',
    files: 'Möchte dir Dateien senden',
    received: 'Alles ist angekommen',
    delivered: 'Hat deine Dateien bekommen',
    failed: 'Dateien ließen sich nicht übertragen',
  },
  closing: {
    title: 'Quorum beenden?',
    transfers: 'Dateien werden gerade übertragen. Es geht weiter, wenn Quorum wieder läuft.',
    messages: 'Nachrichten warten noch. Sie werden erst gesendet, wenn Quorum wieder läuft.',
    node: 'Deine Freunde finden einander über deinen Knoten auf diesem Computer. Auch er wird beendet.',
    stay: 'Im Hintergrund weiterlaufen',
    stayHint:
      'Im Hintergrund bleibt Quorum in der Taskleiste. Das lässt sich unter Einstellungen, Mitteilungen ändern.',
    quit: 'Beenden',
  },
  tray: { open: 'Quorum öffnen', quit: 'Quorum beenden' },
  heldMore:
    'Ein Freund meldet Nachrichten von dir, die hier nicht gespeichert sind. ' +
    'Wurde keine ältere Kopie dieses Profils zurückgespielt, ist die Meldung falsch.',
  erased: {
    title: 'Das Profil ist von diesem Computer gelöscht.',
    nodes: (n) =>
      `${count(n, 'Knoten hat', 'Knoten haben')} nicht geantwortet: Dort bleibt dein Handle bis zu 180 Tage, Codes ` +
      'von Einladungen und was andere für dich hinterlegt haben bis zu 30.',
    folders: (list) => `Teile von Dateien, die gerade empfangen wurden, ließen sich nicht entfernen:\n${list}`,
    unknown:
      'Es war nicht geöffnet. Deshalb wurden Knoten nicht gebeten, dich zu vergessen, und Teile von Dateien, die ' +
      'gerade empfangen wurden, liegen vielleicht noch in Ordnern namens .quorum-… bei den empfangenen Dateien.',
  },

  days: { today: 'Heute', yesterday: 'Gestern' },
  now: 'jetzt',

  errors: {
    'bad-request': 'So ist das nicht möglich.',
    'not-found': 'Das wurde nicht gefunden.',
    'not-friend': 'Ihr seid (noch) nicht befreundet.',
    blocked: 'Du hast diese Person blockiert.',
    'node-unreachable': 'Der Knoten ist im Moment nicht erreichbar.',
    'not-admitted': 'Der Knoten nimmt dich nicht an. Frag den Betreiber, oder nimm einen anderen Knoten.',
    'node-full': 'Der Knoten ist voll. Alle paar Minuten wird es wieder versucht; ein anderer Knoten würde helfen.',
    'foreign-node':
      'Das führt zu einem Knoten, der keiner von deinen ist, und deine Wahl zu direkten Verbindungen erlaubt keinen ' +
      'anderen. Füge ihn hinzu, oder wähle unter Einstellungen, Privatsphäre anders.',
    'peer-offline': 'Die Person ist im Moment offline.',
    'relay-refused': 'Der Knoten weigert sich, dieses Gespräch weiterzuleiten.',
    'too-large': 'Das ist zu lang.',
    'rate-limited': 'Zu viel auf einmal. Warte einen Moment.',
    'invite-used': 'Diese Einladung wurde schon benutzt. Bitte um eine neue.',
    'invite-expired': 'Diese Einladung ist abgelaufen. Bitte um eine neue. Ist sie ganz frisch, geht eine Uhr falsch.',
    'wrong-clock': 'Die Uhr dieses Computers geht falsch. Bis du sie stellst, zeigen Nachrichten falsche Zeiten.',
    'bad-invite': 'Das ist keine gültige Einladung. Kopiere sie vollständig und versuche es noch einmal.',
    'handle-taken': 'Diesen Handle hat schon jemand.',
    'verification-failed': 'Die empfangenen Daten sind nicht die gesendeten.',
    'disk-full': 'Die Festplatte ist voll.',
    'not-writable': 'Quorum kann in diesen Ordner nicht schreiben.',
    'source-changed': 'Die Datei hat sich verändert, seit sie angeboten wurde.',
    'store-locked': 'Ein anderes Quorum hat dieses Profil geöffnet.',
    'store-corrupt': 'Das Profil auf der Festplatte ist beschädigt.',
    'privacy-unreadable':
      'Deine Einstellungen zur Privatsphäre sind nicht lesbar. Bis du unter Einstellungen, Privatsphäre ' +
      'neu wählst, gelten die strengsten.',
    'wrong-passphrase': 'Falsches Passwort.',
    'backup-damaged':
      'Diese Sicherung ist unbrauchbar: Sie ist unvollständig, wurde verändert oder ist eine andere Datei.',
    'profile-twice':
      'Dieses Profil läuft zweimal, hier und anderswo. Beende eines von beiden, sonst gehen Nachrichten verloren.',
    'profile-exists': 'In diesem Ordner ist schon ein Profil.',
    'unsupported-version': 'Dafür ist eine neuere Version von Quorum nötig.',
    cancelled: 'Der Vorgang wurde unterbrochen. Versuche es noch einmal.',
    internal: 'In Quorum ist etwas schiefgegangen.',
  },
}
