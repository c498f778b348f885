import { expect, test } from 'vitest'
import { parseDocument } from '../../src/analysis/document.js'
import { extractKeyPoints } from '../../src/analysis/key-points.js'
import { readSample } from '../support/samples.js'

function pointsOf(text: string, count: number): string[] {
  return extractKeyPoints(parseDocument(text), count).key_points.map((point) => point.text)
}

test('the key points name the attack, and each point once', () => {
  const points = pointsOf(readSample('day-of-infamy'), 5)
  expect(points).toHaveLength(5)
  expect(points.join(' ')).toContain('deliberately attacked')
  expect(new Set(points).size).toBe(5)
})

test('a key point omits the word that connects it to the previous sentence', () => {
  const points = pointsOf('The bridge closed in May. Therefore, all lorries take the ferry.', 2)
  expect(points).toContain('All lorries take the ferry.')
})

test('a text with too few points returns fewer', () => {
  expect(pointsOf('Only one thing happened here today.', 20)).toHaveLength(1)
})
