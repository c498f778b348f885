import type { TextSize } from '@verbatim/cache-core'
import { hasMoreCodePoints } from './keys/code-points.js'

/** The lower bounds of the text sizes medium, large and xlarge, in code points. */
export interface TextSizeTiers {
  /** A text with fewer code points is small. */
  readonly small: number
  /** A text with fewer code points is at most medium. */
  readonly medium: number
  /** A text with fewer code points is at most large. */
  readonly large: number
}

/** Returns the size of a text by its number of code points. */
export function textSizeOf(text: string, { small, medium, large }: TextSizeTiers): TextSize {
  if (!hasMoreCodePoints(text, small - 1)) return 'small'
  if (!hasMoreCodePoints(text, medium - 1)) return 'medium'
  return hasMoreCodePoints(text, large - 1) ? 'xlarge' : 'large'
}
