/** Keys of one group have a pattern and tags in common. */
export const KEYS_PER_GROUP = 4

/** The prefix of the caches under test. */
export const PREFIX = 'coherence:'

/** Names that workers read and never write: other programs keep data under them. */
export const FOREIGN_NAMES: readonly string[] = ['foreign:0', 'foreign:1', 'foreign:2', 'foreign:3']

/** Returns the name of a key: `g0:k3`. The names of a group begin alike. */
export function keyName(key: number): string {
  return `${groupName(key)}:k${key}`
}

/** Returns the pattern that matches the keys of the same group. */
export function patternOf(key: number): string {
  return `${groupName(key)}:*`
}

/**
 * Returns the tags that every value of a key carries. They are always the same, so that the
 * invalidation of a tag is a delete of all keys that carry it.
 */
export function tagsOf(key: number): readonly string[] {
  const group = groupName(key)
  const place = key % (2 * KEYS_PER_GROUP)
  return TAG_ENDINGS[place]?.map((ending) => `${group}${ending}`) ?? []
}

/** By place in a pair of groups. The first key of each group has none. */
const TAG_ENDINGS: readonly (readonly string[])[] = [
  ...[[], [], [':all'], [':all', ':last']],
  ...[[], [':all'], [':all', ':last'], [':last']],
]

/** Returns those of the keys whose values carry one of the tags. */
export function keysTagged(keys: readonly number[], tags: readonly string[]): number[] {
  return keys.filter((key) => tagsOf(key).some((tag) => tags.includes(tag)))
}

/** Of so many keys one with tags and one without are loaded slowly. */
export const KEYS_PER_SLOW_PAIR = 16
const SLOW_PLACES = [5, 12]

/** Whether the key is loaded only by the lanes that do slow loads. */
export function isLoadedSlowly(key: number): boolean {
  return SLOW_PLACES.includes(key % KEYS_PER_SLOW_PAIR)
}

/** Returns the keys beside this one that are loaded slowly. */
export function slowKeysNear(key: number): number[] {
  return SLOW_PLACES.map((place) => key - (key % KEYS_PER_SLOW_PAIR) + place)
}

function groupName(key: number): string {
  return `g${Math.floor(key / KEYS_PER_GROUP)}`
}
