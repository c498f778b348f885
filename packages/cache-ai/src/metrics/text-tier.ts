import type { TextSizeTiers } from '../config/config-values.js'
import { hasMoreCodePoints } from '../keys/code-points.js'

/** How long a text is, from short to long. */
export const TEXT_TIERS = ['small', 'medium', 'large', 'xlarge'] as const

export type TextTier = (typeof TEXT_TIERS)[number]

/** The tier of a text by its code points: below `small` it is small, and so on. */
export function textTierOf(text: string, { small, medium, large }: TextSizeTiers): TextTier {
  if (!hasMoreCodePoints(text, small - 1)) return 'small'
  if (!hasMoreCodePoints(text, medium - 1)) return 'medium'
  return hasMoreCodePoints(text, large - 1) ? 'xlarge' : 'large'
}
