import { useEffect, useState } from 'preact/hooks'
import type { HistoryPoint, Overview, Range } from '../src/dashboard/overview.js'

interface Live {
  readonly overview: Overview | undefined
  readonly isConnected: boolean
}

/** Follows the live stream of a range while the page is visible. */
export function useLive(range: Range): Live {
  const [overview, setOverview] = useState<Overview>()
  const [isConnected, setIsConnected] = useState(false)
  useEffect(() => {
    let source: EventSource | undefined
    const follow = (): void => {
      source?.close()
      source = undefined
      if (document.hidden) return
      source = new EventSource(`api/live?range=${range}`)
      source.addEventListener('message', ({ data }) => {
        const message = JSON.parse(data) as Overview
        setIsConnected(true)
        setOverview((before) => withNewPoints(before, message))
      })
      // The browser connects again by itself, and then the first message has all points.
      source.addEventListener('error', () => setIsConnected(false))
    }
    follow()
    document.addEventListener('visibilitychange', follow)
    return () => {
      document.removeEventListener('visibilitychange', follow)
      source?.close()
    }
  }, [range])
  return { overview, isConnected }
}

function withNewPoints(before: Overview | undefined, message: Overview): Overview {
  if (before?.range !== message.range) return message
  const last = before.points.at(-1)?.at ?? 0
  const points: HistoryPoint[] = [...before.points, ...message.points.filter(({ at }) => at > last)]
  return { ...message, points: points.slice(-message.rangeSeconds / message.stepSeconds) }
}
