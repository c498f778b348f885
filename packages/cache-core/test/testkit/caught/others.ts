/** Broken tags, reports and ends, each with tests that must find it out. */
export const CAUGHT_WITH_OTHERS: Readonly<Record<string, readonly string[]>> = {
  IgnoresTags: [
    'an entry is gone once its tag is invalidated, in every way of asking',
    'setMany gives every entry the tags',
    'getOrSet gives the loaded value its tags',
    'the cache agrees with a plain model after each of many commands',
  ],
  IgnoresTheTagsOfLoads: [
    'getOrSet gives the loaded value its tags',
    'are loaded anew with the tags that the call names',
    'are not served after invalidateTags',
  ],
  KeepsOldTags: [
    'an overwritten entry loses its old tags',
    'are loaded anew with the tags that the call names',
    'the cache agrees with a plain model after each of many commands',
  ],
  NeverCleansItsTagIndex: [
    'what was deleted or has expired leaves no tags to what comes after it',
    'the cache agrees with a plain model after each of many commands',
  ],
  InvalidatesBySubstring: ['tags that look alike stay apart'],
  NeedsEveryTag: ['one of the tags of an entry is enough, and one call can name many'],
  TakesTagsForKeys: ['tags that no entry has, and no tags at all, remove nothing'],
  InvalidatesByTime: ['an entry set again after the invalidation lives until the next'],
  ListsTheInvalidated: [
    'an entry is gone once its tag is invalidated, in every way of asking',
    'a tag can have hundreds of entries',
  ],
  InvalidatesAHundred: ['a tag can have hundreds of entries'],
  TakesAnyTags: ['bad tags are refused and change nothing'],
  KeepsTenTags: ['as many tags as may be, and as long'],
  KeepsTheListOfTags: ['the tags are those of the call, whatever becomes of its list'],
  KeepsWhatIsTagged: ['tags change nothing about lives'],
  FencesNothingOnInvalidateTags: [
    'invalidateTags during a load keeps the loaded value out',
    'are not brought back by a load that was under way at invalidateTags',
    'a load and invalidateTags',
  ],
  FencesTheFirstTagOnly: ['each tag of a load keeps its value out'],
  FencesEverythingOnInvalidateTags: ['invalidateTags leaves loads with other tags alone'],

  ObservesReadsOnly: ['each read, write and delete once, with its outcome', 'each key of a batch'],
  ObservesBatchesOnce: [
    'each key of a batch',
    'are counted exactly, key by key, with their rate in percent',
  ],
  CountsExistsAsARead: [
    'nothing when it is asked what is there',
    'are not counted where nothing is read',
  ],
  CountsGetOrSetTwice: [
    'getOrSet as a read, and as a write where it has loaded',
    'are one for each getOrSet, whether or not it loads',
  ],
  ObservesRefusedCalls: ['nothing by calls that are refused'],
  CountsRefusedReads: [
    'nothing by calls that are refused',
    'are not counted where nothing is read',
  ],
  ObservesEachKeyOfAnInvalidation: ['an invalidation once, with how many keys it removed'],
  ReportsTimesThatAreNone: [
    'times in milliseconds, where it is told any, and of tiers by their names',
  ],
  ObservesItsClose: ['nothing by a close'],
  DividesByZero: ['are none before the first read'],
  TellsItsRateAsAFraction: ['are counted exactly, key by key, with their rate in percent'],

  ClosesOnce: [
    'a cache can be closed twice',
    'a cache is closed at the end of its block, and may be closed before',
  ],
  FailsLoadsAfterClose: ['a load that ends after it answers those who wait, and disturbs nothing'],
}
