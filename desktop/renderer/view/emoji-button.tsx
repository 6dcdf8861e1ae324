/** A small choice of emoji. The emoji picker of the system has the others. */
import { Smile } from 'lucide-react'
import { useText } from '../state/state.ts'
import { IconButton } from './controls.tsx'
import { usePanel } from './menu.tsx'

const offered = `
  😀 😄 😂 🙂 😉 😊 😍 😘 😎 🤔 🤨 😐 🙄 😴 🤗 🥳
  😢 😭 😅 😳 😱 😡 🤯 🤒 👍 👎 👏 🙏 🤝 💪 👋 🤞
  ❤️ 🧡 💛 💚 💙 💜 🖤 💔 🎉 🎂 🎁 ✨ 🔥 ⭐ ☀️ 🌧️
  ☕ 🍕 🍺 🍎 🚗 ✈️ 🏠 📎 ✅ ❌ ❓ ❗ 💡 ⏰ 📞 🎵
`
  .trim()
  .split(/\s+/u)

export function EmojiButton({ onChoose }: { onChoose: (emoji: string) => void }) {
  const { composer } = useText()
  const { open, close, toggle, anchor, panel } = usePanel()
  return (
    <>
      <span ref={anchor}>
        <IconButton label={composer.emoji} aria-haspopup="dialog" aria-expanded={open} onClick={toggle}>
          <Smile size={20} />
        </IconButton>
      </span>
      {open && (
        <div ref={panel} popover="auto" className="panel emoji-panel" role="dialog" aria-label={composer.emoji}>
          <div className="emoji-grid">
            {offered.map((emoji) => (
              <button
                key={emoji}
                type="button"
                onClick={() => {
                  close()
                  onChoose(emoji)
                }}
              >
                {emoji}
              </button>
            ))}
          </div>
        </div>
      )}
    </>
  )
}
