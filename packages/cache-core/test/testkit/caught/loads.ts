/** Broken ways to load and to hold the old, each with tests that must find it out. */
export const CAUGHT_WITH_LOADS: Readonly<Record<string, readonly string[]>> = {
  ForgetsToFence: [
    'delete during a load keeps the loaded value out',
    'deleteMany during a load keeps the loaded value out',
    'a write during a load is not overwritten by it',
    'set while a value is loaded anew keeps that one out',
    'delete while a value is loaded anew keeps that one out',
    'are not brought back by a load that was under way at delete',
    'a load and delete',
    'a load and set',
    'a load and setMany',
  ],
  ForgetsToFenceAll: [
    'clear during a load keeps the loaded value out',
    'invalidatePattern during a load keeps the loaded value out',
    'are not brought back by a load that was under way at clear',
    'a load and clear',
    'a load and invalidatePattern',
  ],
  // Only the races see it.
  FencesTooLate: ['a load and delete', 'a load and deleteMany'],
  FencesRefusedWrites: ['a write that is refused during a load changes nothing'],
  FencesEveryKey: ['a change of another key during a load changes nothing'],
  LoadsForEveryCaller: [
    'a thousand callers at once cause one load',
    'clear during a load keeps the loaded value out',
    'are loaded anew once, however many are served them',
  ],
  LoadsOneAfterTheOther: ['loads of different keys do not wait for each other'],
  LoadsEveryTime: ['loads once, then answers from the cache', 'are equal however they are read'],
  LoadsFalsyAgain: ['keeps falsy values'],
  StoresFailures: [
    'a failed load reaches every caller, is not stored, and can be tried again',
    'undefined is rejected as a value and changes nothing',
  ],
  IgnoresTheLifeOfLoads: [
    'gives the loaded value its life',
    'the life can be told from the value',
    'are loaded anew with the life that the call names',
  ],
  HangsInCycles: ['rejects a loader that requests its own key'],
  RefusesUndefinedThatIsSkipped: [
    'every caller gets undefined from a loader that calls skip and returns it',
  ],
  TakesUndefinedFromLoaders: ['undefined is rejected as a value and changes nothing'],
  LoadsBeforeItChecksTheLife: ['bad ones are refused before anything is loaded'],

  IgnoresTtlFunctions: [
    'returns a loaded value that is not stored because of the TTL told from it',
    'the life can be told from the value',
  ],
  IgnoresJitter: ['jitter shortens lives, each by another part, and never by more than told'],
  LengthensByJitter: ['jitter shortens lives, each by another part, and never by more than told'],
  IgnoresSkip: [
    'a loader can keep its answer out of the cache',
    'a loader that calls skip with an error keeps its result out of the cache',
  ],
  IgnoresSignals: [
    'who is gone already is told so, and nothing is loaded',
    'a load ends when the last who waits for it goes, and is not stored',
    'are not served to who has gone',
  ],
  EndsLoadsWithTheFirstWhoGoes: ['who goes does not disturb who stays'],
  StoresWhatNobodyWants: ['a load ends when the last who waits for it goes, and is not stored'],
  IgnoresTimeouts: [
    'the hard timeout ends the waiting, and the load is stored all the same',
    'are served after the soft timeout, and the load is stored all the same',
    'are served after the hard timeout, and the load is stored all the same',
  ],
  EndsLoadsAtTheTimeout: [
    'the hard timeout ends the waiting, and the load is stored all the same',
    'who set no timeout waits on',
  ],
  StoresOverdueLoads: ['an overdue load is not waited for again, and does not replace a later one'],
  TakesAnyOptions: ['bad ones are refused before anything is loaded'],

  HoldsNothing: [
    'are gone for every way of asking but getOrSet',
    'are served at once with staleWhileRevalidate, and loaded anew meanwhile',
    'are served with staleIfError when the load fails',
  ],
  TellsThatTheStaleExist: ['are gone for every way of asking but getOrSet'],
  TellsANegativeTtl: ['are gone for every way of asking but getOrSet'],
  CountsTheStaleItDeletes: ['are removed like others, and not counted'],
  ListsTheStale: [
    'are gone for every way of asking but getOrSet',
    'an expired key is neither listed nor counted',
  ],
  CountsTheStaleItInvalidates: ['are removed with others by a pattern, and not counted'],
  HandsTheStaleToEveryone: [
    'are not handed to a call that takes none',
    'are served with staleIfError when the load fails',
  ],
  TakesTheStaleForJustExpired: ['are not handed out past the time that the call grants'],
  RemembersLoadedValues: [
    'are forgotten when the key is written',
    'are not served after delete',
    'are not served after deleteMany',
    'are not served after clear',
    'are not served after invalidatePattern',
    'are not served after invalidateTags',
  ],
  MakesThemWait: [
    'are served at once with staleWhileRevalidate, and loaded anew meanwhile',
    'are loaded anew once, however many are served them',
  ],
  RefreshesForEveryCaller: [
    'are loaded anew once, however many are served them',
    'setMany while a value is loaded anew keeps that one out',
  ],
  FailsTheRefresher: ['are served on when they cannot be loaded anew, and nobody is disturbed'],
  PrefersTheStale: ['give way with staleIfError to what the load answers'],
  IgnoresStaleIfError: ['are served with staleIfError when the load fails'],
  ServesWhatItSawFirst: [
    'are not served when they were deleted during the load that failed',
    'are not served after a timeout when they were deleted meanwhile',
    'are not served to who has gone',
  ],
  ForgetsHowLongLoadsTook: ['can be forestalled by earlyRefresh, while the old value is served'],
  RefreshesAtEveryHit: ['can be forestalled by earlyRefresh, while the old value is served'],

  NeverBacksOff: ['spare their source after a failure, for longer after each'],
  BacksOffForGood: ['spare their source for a second again once it has answered'],
  BacksOffForAllKeys: ['spare their source for their own key only'],
}
