/** Caches that handle tags, reports or `close` wrongly, each with tests that must fail for it. */
export const CAUGHT_WITH_OTHERS: Readonly<Record<string, readonly string[]>> = {
  IgnoresTags: [
    'an entry is absent for every method after an invalidation of its tag',
    'setMany sets the tags of every entry',
    'getOrSet sets the tags of the loaded value',
    'the cache agrees with a plain model after each of many commands',
  ],
  IgnoresTheTagsOfLoads: [
    'getOrSet sets the tags of the loaded value',
    'a refresh uses the tags of its call',
    'a stale value is not served after invalidateTags',
  ],
  KeepsOldTags: [
    'an overwritten entry loses its old tags',
    'a refresh uses the tags of its call',
    'the cache agrees with a plain model after each of many commands',
  ],
  NeverCleansItsTagIndex: [
    'a deleted or expired entry leaves no tags to the next one',
    'the cache agrees with a plain model after each of many commands',
  ],
  InvalidatesBySubstring: ['similar tags are different tags'],
  NeedsEveryTag: ['one tag of an entry is enough, and one call can have many tags'],
  TakesTagsForKeys: ['unknown tags and an empty array of tags remove nothing'],
  InvalidatesByTime: ['an entry that is set after an invalidation is removed by the next one'],
  ListsTheInvalidated: [
    'an entry is absent for every method after an invalidation of its tag',
    'a tag can have hundreds of entries',
  ],
  InvalidatesAHundred: ['a tag can have hundreds of entries'],
  TakesAnyTags: ['bad tags are rejected and change nothing'],
  KeepsTenTags: ['the maximum number of tags of the maximum length is accepted'],
  KeepsTheListOfTags: ['later changes of the array of tags have no effect'],
  KeepsWhatIsTagged: ['tags do not affect TTLs'],
  FencesNothingOnInvalidateTags: [
    'invalidateTags during a load fences it',
    'a refresh in flight does not store its value after invalidateTags',
    'a load and invalidateTags',
  ],
  FencesTheFirstTagOnly: ['an invalidation of any tag of a load fences it'],
  FencesEverythingOnInvalidateTags: ['invalidateTags does not fence loads with other tags'],

  ObservesReadsOnly: [
    'one report for each read, write and delete, with its outcome',
    'one report for each key of a batch',
  ],
  ObservesBatchesOnce: [
    'one report for each key of a batch',
    'hits and misses are counted for each key, with the hit rate in percent',
  ],
  CountsExistsAsARead: [
    'no report for exists, getTtl and scan',
    'methods that do not read count neither hits nor misses',
  ],
  CountsGetOrSetTwice: [
    'a read for getOrSet, and a write if it has loaded',
    'each getOrSet counts as one read',
  ],
  ObservesRefusedCalls: ['no report for a rejected call'],
  CountsRefusedReads: [
    'no report for a rejected call',
    'methods that do not read count neither hits nor misses',
  ],
  ObservesEachKeyOfAnInvalidation: [
    'one report for an invalidation, with the number of removed keys',
  ],
  ReportsTimesThatAreNone: ['durations in milliseconds, if any, and the names of the tiers'],
  ObservesItsClose: ['no report for close'],
  DividesByZero: ['a new cache has no hits, no misses and no hit rate'],
  ReturnsItsRateAsAFraction: [
    'hits and misses are counted for each key, with the hit rate in percent',
  ],

  ClosesOnce: [
    'a cache can be closed twice',
    'a cache is closed at the end of its block, and can be closed before',
  ],
  FailsLoadsAfterClose: ['a load that ends after close reaches its callers without another effect'],
}
