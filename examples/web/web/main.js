const list = document.querySelector('#notes')

function show(lines) {
  list.replaceChildren(
    ...lines.map((line) => {
      const item = document.createElement('li')
      item.textContent = line // never innerHTML: anybody may post a note
      return item
    }),
  )
}

try {
  const response = await fetch('/api/notes')
  if (!response.ok) throw new Error(`the api answered ${response.status}`)
  const notes = await response.json()
  show(notes.map((note) => `${note.done ? '✓' : '…'} ${note.text}`))
} catch (error) {
  show([String(error)])
}
