/** Broken ways to keep entries, each with tests that must find it out. */
export const CAUGHT_WITH_ENTRIES: Readonly<Record<string, readonly string[]>> = {
  FirstWriteWins: [
    'the last write wins',
    'writing again starts a new life',
    'the cache agrees with a plain model after each of many commands',
  ],
  TakesNullForAMiss: ['null', 'getMany leaves misses out and keeps falsy values'],
  AnswersNullForAMiss: ['a key that was never set is a miss'],
  TakesUndefinedForNull: ['undefined is rejected as a value and changes nothing'],
  TakesAColonForAnUnderscore: [
    'keys that look alike stay apart',
    'invalidatePattern removes what matches and counts it',
  ],
  AlwaysSaysDeleted: [
    'a deleted key is a miss, and deleting tells whether it was there',
    'an entry is gone after its life, in every way of asking',
    'are removed like others, and not counted',
  ],
  StoresJson: ['date', 'bigint', 'map', 'undefined inside', 'not a number', 'infinity'],
  CutsTexts: ['a megabyte', 'half a surrogate pair'],
  FlattensContents: ['nested', 'empty object', 'a set value is read back'],
  TakesFalsyForNull: ['zero', 'false', 'empty text', 'keeps falsy values'],
  ThrowsAtOnce: ['a bad key is rejected and changes nothing'],
  RefusesLongKeys: ['a key of the longest length is taken'],
  ListsTheExpired: [
    'an expired key is neither listed nor counted',
    'scan takes a glob',
    'an entry is gone after its life, in every way of asking',
  ],
  ListsAHundred: ['scan lists every key once'],
  CountsWhatDidNotMatch: ['invalidatePattern removes what matches and counts it'],
  ClearsWithoutCounting: ['clear removes everything and counts it'],
  TakesAnyPattern: [
    'a bad pattern is rejected and changes nothing',
    'nothing by calls that are refused',
  ],
  TakesPatternsForPrefixes: [
    'scan takes a glob',
    'the cache agrees with a plain model after each of many commands',
  ],
  HoldsTen: [
    'a batch can have a thousand keys',
    'the cache agrees with a plain model after each of many commands',
  ],

  IgnoresTtl: [
    'an entry is gone after its life, in every way of asking',
    'writing again may shorten a life',
    'getTtl tells the seconds left',
    'setMany gives every entry the same life',
    'gives the loaded value its life',
    'what has expired as a miss',
    'a value past its life is a miss',
  ],
  RoundsTtlUpToSeconds: ['a life in seconds keeps its fraction'],
  RoundsTtlToTenths: ['the shortest life is one millisecond'],
  OverflowsLongLives: [
    'the longest life is a hundred years',
    'an entry lives to the very end of 36500d, and no longer',
  ],
  TakesForEverForADay: ['null never expires', 'getTtl tells null of what never expires'],
  HasADefaultOfFiveSeconds: ['getTtl tells a default life of at least ten seconds'],
  HasADefaultOfAnInstant: ['the default life is used when none is given'],
  DiesAtTheVeryEnd: [
    'an entry lives to the very end of 1ms, and no longer',
    'an entry lives to the very end of 100ms, and no longer',
    'getTtl counts down to nothing, and is for each key its own',
    'the cache agrees with a plain model after each of many commands',
  ],
  LivesAMillisecondTooLong: [
    'an entry lives to the very end of 1ms, and no longer',
    'the cache agrees with a plain model after each of many commands',
  ],
  KeepsTheFirstLife: [
    'writing again starts a new life',
    'what never expired can be given a life, and the other way round',
  ],
  KeepsTheLongerLife: ['writing again may shorten a life'],
  RemovesByTime: ['a key set again after its delete or its end has its new life only'],
  IgnoresSetOptions: ['a life can be told as an option', 'setMany gives every entry the tags'],
  TakesAnyLife: [
    'a bad TTL is rejected and changes nothing',
    'a write that is refused during a load changes nothing',
  ],
  TellsTtlInMilliseconds: ['getTtl tells the seconds left'],
  TellsTheWholeLife: ['getTtl counts down to nothing, and is for each key its own'],
  TellsInfinityOfForEver: ['getTtl tells null of what never expires'],

  KeepsMissesInBatches: ['getMany leaves misses out and keeps falsy values'],
  DropsFalsyFromBatches: ['getMany leaves misses out and keeps falsy values', 'zero'],
  IgnoresTheLifeOfBatches: [
    'setMany gives every entry the same life',
    'a life can be told as an option',
  ],
  IgnoresTheTagsOfBatches: ['setMany gives every entry the tags'],
  TakesListsOnly: ['setMany takes whatever can be iterated'],
  KeepsTheFirstOfABatch: ['of a key named twice setMany keeps the last value'],
  StoresPartOfABatch: ['a batch with one bad part is rejected and changes nothing'],
  CountsEveryDelete: ['deleteMany counts what was there, once'],
  RefusesEmptyBatches: ['no keys at all are a batch too'],
  ReadsAHundredAtOnce: ['a batch can have a thousand keys'],

  AddsOverEntries: ['changes nothing under a key that has an entry'],
  NeverAdds: [
    'stores a value under a key that has no entry',
    'stores a value again after a delete or the end of a TTL',
  ],
  AddsWithoutOptions: [
    'gives the value its own TTL and leaves the TTL of an entry alone',
    'gives the value its tags',
  ],
  AddsBehindLoads: ['keeps a value that is being loaded out if it stores one'],
  AddsAfterAWhile: ['stores one of many values that are added at once'],

  TakesTextForKeys: ['getMany and deleteMany reject anything but an array of keys'],
  TakesAnyEntries: ['setMany rejects anything but pairs and stores nothing'],
  TakesAnyLoader: ['getOrSet rejects a loader that is not a function, on hits too'],
  TakesUnknownFields: ['an unknown field of options is rejected by its name'],

  KeepsTheWritersObject: [
    'who has written a value cannot change a nested object in it any more',
    'who has written a value cannot change a date in it any more',
    'who has written a value cannot change the bytes of a list of bytes in it any more',
  ],
  HandsOutWhatItKeeps: [
    'who has read a value cannot change the properties of an object for the next',
    'who has read a value cannot change a map for the next',
    'belong to their reader, who may change them',
  ],
  HandsOutWhatItKeepsInBatches: [
    'who has read a value cannot change a list in a list for the next',
    'who has read a value cannot change a set for the next',
  ],
  HandsOutWhatItKeepsInGetOrSet: [
    'who has read a value cannot change a nested object for the next',
    'who has read a value cannot change the bytes of a list of bytes for the next',
  ],
  SharesWhatItLoads: [
    'nobody who has waited for a load can change a nested object for the others',
    'nobody who has waited for a load can change a date for the others',
  ],
  CopiesTheOutsideOnly: [
    'who has read a value cannot change a nested object for the next',
    'who has read a value cannot change a date for the next',
  ],
  FreezesInsteadOfCloning: ['belong to their reader, who may change them'],
  ClonesInsteadOfFreezing: ['are frozen all the way down, if they are plain'],
  SpoilsTheSecondRead: ['are equal however they are read'],
}
