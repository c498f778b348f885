/** Returns the longest time that some work blocked the event loop, in milliseconds. */
export async function longestGap(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }, 1)
  await work()
  // The gap that the end of the work may have made.
  await new Promise((resolve) => setTimeout(resolve, 5))
  clearInterval(timer)
  return longest
}
