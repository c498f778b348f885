import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Explorer } from './explorer.js'
import { OverviewPage } from './overview.js'
import { Requests } from './requests.js'
import { Settings } from './settings.js'

const PAGES = {
  overview: { title: 'Overview', Page: OverviewPage },
  requests: { title: 'Requests', Page: Requests },
  explorer: { title: 'Explorer', Page: Explorer },
  settings: { title: 'Settings', Page: Settings },
} as const

type PageName = keyof typeof PAGES

function currentPage(): PageName {
  const name = location.hash.replace(/^#\/?/, '')
  return name in PAGES ? (name as PageName) : 'overview'
}

function App() {
  const [name, setName] = useState(currentPage)
  useEffect(() => {
    const changed = (): void => setName(currentPage())
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  const { title, Page } = PAGES[name]
  useEffect(() => {
    document.title = `${title}, cache dashboard`
  }, [title])
  return (
    <>
      <header class="top">
        <p class="brand">
          <img src="assets/icon.svg" alt="" width="18" height="18" />
          Cache dashboard
        </p>
        <nav aria-label="Pages">
          {Object.entries(PAGES).map(([each, { title: label }]) => (
            <a
              key={each}
              href={`#/${each}`}
              {...(each === name && { 'aria-current': 'page' as const })}
            >
              {label}
            </a>
          ))}
        </nav>
      </header>
      <main>
        <Page />
      </main>
    </>
  )
}

const root = document.getElementById('page')
if (root !== null) render(<App />, root)
