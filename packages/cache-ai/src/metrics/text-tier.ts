import { hasMoreCodePoints } from '../keys/code-points.js'

/** Below `small` code points a text is small, and so on; from `large` on it is xlarge. */
export interface TextSizeTiers {
  readonly small: number
  readonly medium: number
  readonly large: number
}

/** How long a text is, from short to long. */
export const TEXT_TIERS = ['small', 'medium', 'large', 'xlarge'] as const

export type TextTier = (typeof TEXT_TIERS)[number]

/** The tier of a text by its code points: below `small` it is small, and so on. */
export function textTierOf(text: string, { small, medium, large }: TextSizeTiers): TextTier {
  if (!hasMoreCodePoints(text, small - 1)) return 'small'
  if (!hasMoreCodePoints(text, medium - 1)) return 'medium'
  return hasMoreCodePoints(text, large - 1) ? 'xlarge' : 'large'
}
