/** Number of keys in a group. They share a pattern and tags. */
export const KEYS_PER_GROUP = 4

/** Prefix of the tested caches. */
export const PREFIX = 'coherence:'

/** Names that workers read and never write. Other programs store data under them. */
export const FOREIGN_NAMES: readonly string[] = ['foreign:0', 'foreign:1', 'foreign:2', 'foreign:3']

/** Returns the name of a key: `g0:k3`. The names of a group have the same start. */
export function keyName(key: number): string {
  return `${groupName(key)}:k${key}`
}

/** Returns the pattern that matches all keys of the group. */
export function patternOf(key: number): string {
  return `${groupName(key)}:*`
}

/**
 * Returns the tags of a key. They never change, so the invalidation of a tag is a delete of all of
 * its keys.
 */
export function tagsOf(key: number): readonly string[] {
  const group = groupName(key)
  const place = key % (2 * KEYS_PER_GROUP)
  return TAG_ENDINGS[place]?.map((ending) => `${group}${ending}`) ?? []
}

/** Tags by place in a pair of groups. The first key of each group has none. */
const TAG_ENDINGS: readonly (readonly string[])[] = [
  ...[[], [], [':all'], [':all', ':last']],
  ...[[], [':all'], [':all', ':last'], [':last']],
]

/** Returns the keys that have one of the tags. */
export function keysTagged(keys: readonly number[], tags: readonly string[]): number[] {
  return keys.filter((key) => tagsOf(key).some((tag) => tags.includes(tag)))
}

/** Number of keys that contain one slowly loaded key with tags and one without. */
export const KEYS_PER_SLOW_PAIR = 16
const SLOW_PLACES = [5, 12]

/** Returns whether only lanes for slow loads load the key. */
export function isLoadedSlowly(key: number): boolean {
  return SLOW_PLACES.includes(key % KEYS_PER_SLOW_PAIR)
}

/** Returns the slowly loaded keys in the groups of this key. */
export function slowKeysOfGroup(key: number): number[] {
  return SLOW_PLACES.map((place) => key - (key % KEYS_PER_SLOW_PAIR) + place)
}

function groupName(key: number): string {
  return `g${Math.floor(key / KEYS_PER_GROUP)}`
}
