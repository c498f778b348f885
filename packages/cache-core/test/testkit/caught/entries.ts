/** Caches that store or expire entries wrongly, each with tests that must fail for it. */
export const CAUGHT_WITH_ENTRIES: Readonly<Record<string, readonly string[]>> = {
  FirstWriteWins: [
    'the last write wins',
    'an overwrite starts a new TTL',
    'the cache agrees with a plain model after each of many commands',
  ],
  TakesNullForAMiss: ['null', 'getMany omits misses and returns falsy values'],
  AnswersNullForAMiss: ['a key that was never set is a miss'],
  TakesUndefinedForNull: ['undefined is rejected as a value and changes nothing'],
  TakesAColonForAnUnderscore: [
    'similar keys are different keys',
    'invalidatePattern removes and counts the matching keys',
  ],
  AlwaysSaysDeleted: [
    'a deleted key is a miss, and delete returns whether there was an entry',
    'an entry is absent for every method after its TTL',
    'a stale value is removed and not counted',
  ],
  StoresJson: ['date', 'bigint', 'map', 'undefined inside', 'not a number', 'infinity'],
  CutsTexts: ['a megabyte', 'half a surrogate pair'],
  FlattensContents: ['nested', 'empty object', 'get returns a value that was set'],
  TakesFalsyForNull: ['zero', 'false', 'empty text', 'getOrSet stores falsy values'],
  ThrowsAtOnce: ['a bad key is rejected and changes nothing'],
  RefusesLongKeys: ['a key of the maximum length is accepted'],
  ListsTheExpired: [
    'an expired key is neither listed nor counted',
    'scan accepts a glob',
    'an entry is absent for every method after its TTL',
  ],
  ListsAHundred: ['scan lists every key once'],
  CountsWhatDidNotMatch: ['invalidatePattern removes and counts the matching keys'],
  ClearsWithoutCounting: ['clear removes and counts all keys'],
  TakesAnyPattern: [
    'a bad pattern is rejected and changes nothing',
    'no report for a rejected call',
  ],
  TakesPatternsForPrefixes: [
    'scan accepts a glob',
    'the cache agrees with a plain model after each of many commands',
  ],
  HoldsTen: [
    'a batch can have a thousand keys',
    'the cache agrees with a plain model after each of many commands',
  ],

  IgnoresTtl: [
    'an entry is absent for every method after its TTL',
    'an overwrite can shorten the TTL',
    'getTtl returns the remaining seconds',
    'setMany sets the TTL of every entry',
    'getOrSet sets the TTL of the loaded value',
    'a miss for an expired entry',
    'an expired value counts as a miss',
  ],
  RoundsTtlUpToSeconds: ['a TTL in seconds can have a fraction'],
  RoundsTtlToTenths: ['the shortest TTL is one millisecond'],
  OverflowsLongTtl: [
    'the longest TTL is a hundred years',
    'an entry is present until the end of 36500d and absent after it',
  ],
  ExpiresPermanentEntriesAfterADay: [
    'an entry with a TTL of null never expires',
    'getTtl returns null for an entry that never expires',
  ],
  HasADefaultOfFiveSeconds: ['getTtl returns a default TTL of at least ten seconds'],
  HasADefaultOfAnInstant: ['an entry without a TTL has the default TTL'],
  ExpiresAtTheExactEnd: [
    'an entry is present until the end of 1ms and absent after it',
    'an entry is present until the end of 100ms and absent after it',
    'getTtl counts down to zero for each key separately',
    'the cache agrees with a plain model after each of many commands',
  ],
  ExpiresAMillisecondLate: [
    'an entry is present until the end of 1ms and absent after it',
    'the cache agrees with a plain model after each of many commands',
  ],
  KeepsTheFirstTtl: ['an overwrite starts a new TTL', 'an overwrite can add or remove the TTL'],
  KeepsTheLongerTtl: ['an overwrite can shorten the TTL'],
  RemovesByTime: ['a key that is set after a delete or its TTL has only the new TTL'],
  IgnoresSetOptions: ['a TTL can be passed as an option', 'setMany sets the tags of every entry'],
  AcceptsAnyTtl: [
    'a bad TTL is rejected and changes nothing',
    'a rejected write during a load has no effect',
  ],
  ReturnsTtlInMilliseconds: ['getTtl returns the remaining seconds'],
  ReturnsTheWholeTtl: ['getTtl counts down to zero for each key separately'],
  ReturnsInfinityForNoExpiry: ['getTtl returns null for an entry that never expires'],

  KeepsMissesInBatches: ['getMany omits misses and returns falsy values'],
  DropsFalsyFromBatches: ['getMany omits misses and returns falsy values', 'zero'],
  IgnoresTtlOfBatches: ['setMany sets the TTL of every entry', 'a TTL can be passed as an option'],
  IgnoresTheTagsOfBatches: ['setMany sets the tags of every entry'],
  TakesListsOnly: ['setMany accepts any iterable'],
  KeepsTheFirstOfABatch: ['setMany stores the last value of a key that occurs twice'],
  StoresPartOfABatch: ['a batch with one bad part is rejected and changes nothing'],
  CountsEveryDelete: ['deleteMany counts each entry once'],
  RefusesEmptyBatches: ['an empty batch is accepted'],
  ReadsAHundredAtOnce: ['a batch can have a thousand keys'],

  AddsOverEntries: ['add changes nothing under a key with an entry'],
  NeverAdds: [
    'add stores a value under a key without an entry',
    'add stores a value after a delete and after the TTL',
  ],
  AddsWithoutOptions: [
    'add sets the TTL of its value and does not change the TTL of an entry',
    'add sets the tags of its value',
  ],
  AddsBehindLoads: ['add fences a load in flight if it stores its value'],
  AddsAfterAWhile: ['add stores one of many values that are added at once'],

  TakesTextForKeys: ['getMany and deleteMany reject anything but an array of keys'],
  TakesAnyEntries: ['setMany rejects anything but pairs and stores nothing'],
  TakesAnyLoader: ['getOrSet rejects a loader that is not a function, on hits too'],
  TakesUnknownFields: ['an unknown field of options is rejected with its name'],

  KeepsTheWritersObject: [
    'a writer cannot change a nested object in the cache',
    'a writer cannot change a date in the cache',
    'a writer cannot change the bytes of a list of bytes in the cache',
  ],
  HandsOutWhatItKeeps: [
    'a reader cannot change the properties of an object for later readers',
    'a reader cannot change a map for later readers',
    'a reader can change its own copy',
  ],
  HandsOutWhatItKeepsInBatches: [
    'a reader cannot change a list in a list for later readers',
    'a reader cannot change a set for later readers',
  ],
  HandsOutWhatItKeepsInGetOrSet: [
    'a reader cannot change a nested object for later readers',
    'a reader cannot change the bytes of a list of bytes for later readers',
  ],
  SharesWhatItLoads: [
    'a caller of a load cannot change a nested object for the others',
    'a caller of a load cannot change a date for the others',
  ],
  CopiesTheOutsideOnly: [
    'a reader cannot change a nested object for later readers',
    'a reader cannot change a date for later readers',
  ],
  FreezesInsteadOfCloning: ['a reader can change its own copy'],
  ClonesInsteadOfFreezing: ['a plain value is deeply frozen'],
  SpoilsTheSecondRead: ['every read returns an equal value'],
}
