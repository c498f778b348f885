import { readFileSync } from 'node:fs'

export const SAMPLE_NAMES = [
  'day-of-infamy',
  'declaration-of-independence',
  'gift-of-the-magi',
] as const

export type SampleName = (typeof SAMPLE_NAMES)[number]

export function readSample(name: SampleName): string {
  return readFileSync(new URL(`../../samples/${name}.txt`, import.meta.url), 'utf8')
}
