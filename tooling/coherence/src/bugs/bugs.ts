import type { Bug } from './bug.js'
import { CALL_BUGS } from './call-bugs.js'
import { FOREIGN_BUGS } from './foreign-bugs.js'
import { GENERATION_BUGS } from './generation-bugs.js'
import { LOAD_BUGS } from './load-bugs.js'
import { MANY_BUGS } from './many-bugs.js'
import { MEMORY_BUGS } from './memory-bugs.js'
import { REDIS_BUGS } from './redis-bugs.js'
import { TAG_BUGS } from './tag-bugs.js'
import { TRACKING_BUGS } from './tracking-bugs.js'
import { TURN_BUGS } from './turn-bugs.js'

/** All seeded bugs. Each breaks one rule of the protocol, and proves that the run detects it. */
export const BUGS: readonly Bug[] = [
  ...TRACKING_BUGS,
  ...MEMORY_BUGS,
  ...LOAD_BUGS,
  ...REDIS_BUGS,
  ...TAG_BUGS,
  ...MANY_BUGS,
  ...FOREIGN_BUGS,
  ...GENERATION_BUGS,
  ...CALL_BUGS,
  ...TURN_BUGS,
]

/**
 * Returns a bug by its name.
 *
 * @throws Error with all names
 */
export function bugNamed(name: string): Bug {
  const bug = BUGS.find((each) => each.name === name)
  if (bug !== undefined) return bug
  throw new Error(
    `there is no bug ${name}; the bugs are: ${BUGS.map((each) => each.name).join(', ')}`,
  )
}
