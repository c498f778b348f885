/** Caches that load or serve stale values wrongly, each with tests that must fail for it. */
export const CAUGHT_WITH_LOADS: Readonly<Record<string, readonly string[]>> = {
  ForgetsToFence: [
    'delete during a load fences it',
    'deleteMany during a load fences it',
    'a load does not overwrite a write during it',
    'set during a refresh fences it',
    'delete during a refresh fences it',
    'a refresh in flight does not store its value after delete',
    'a load and delete',
    'a load and set',
    'a load and setMany',
  ],
  ForgetsToFenceAll: [
    'clear during a load fences it',
    'invalidatePattern during a load fences it',
    'a refresh in flight does not store its value after clear',
    'a load and clear',
    'a load and invalidatePattern',
  ],
  // Only the tests of races find it.
  FencesTooLate: ['a load and delete', 'a load and deleteMany'],
  FencesRefusedWrites: ['a rejected write during a load has no effect'],
  FencesEveryKey: ['a change of another key during a load has no effect'],
  LoadsForEveryCaller: [
    'a thousand callers at once cause one load',
    'clear during a load fences it',
    'a stale value is loaded once for any number of callers',
  ],
  LoadsOneAfterTheOther: ['loads of different keys do not wait for each other'],
  LoadsEveryTime: [
    'getOrSet loads once and then returns the stored value',
    'every read returns an equal value',
  ],
  LoadsFalsyAgain: ['getOrSet stores falsy values'],
  StoresFailures: [
    'a failed load reaches every caller, is not stored, and can be tried again',
    'undefined is rejected as a value and changes nothing',
  ],
  IgnoresTtlOfLoads: [
    'getOrSet sets the TTL of the loaded value',
    'the TTL can be a function of the value',
    'a refresh uses the TTL of its call',
  ],
  HangsInCycles: ['getOrSet rejects a loader that requests its own key'],
  RefusesUndefinedThatIsSkipped: [
    'every caller gets undefined from a loader that calls skip and returns undefined',
  ],
  TakesUndefinedFromLoaders: ['undefined is rejected as a value and changes nothing'],
  LoadsBeforeItChecksTtl: ['bad options are rejected before a load'],

  IgnoresTtlFunctions: [
    'a loaded value with a bad TTL from the function is returned and not stored',
    'the TTL can be a function of the value',
  ],
  IgnoresJitter: ['jitter shortens each TTL by another part, within its limit'],
  LengthensByJitter: ['jitter shortens each TTL by another part, within its limit'],
  IgnoresSkip: [
    'a value is not stored if its loader calls skip',
    'a value is not stored if its loader calls skip with an error',
  ],
  IgnoresSignals: [
    'a call with an aborted signal is rejected without a load',
    'a load ends when its last caller aborts, and is not stored',
    'a stale value is not served to a caller that has aborted',
  ],
  EndsLoadsWithTheFirstCaller: ['a caller that aborts does not affect the others'],
  StoresAbandonedLoads: ['a load ends when its last caller aborts, and is not stored'],
  IgnoresTimeouts: [
    'the hard timeout rejects the call, and the load is still stored',
    'a stale value is served after the soft timeout, and the load is still stored',
    'a stale value is served after the hard timeout, and the load is still stored',
  ],
  EndsLoadsAtTheTimeout: [
    'the hard timeout rejects the call, and the load is still stored',
    'a caller without a timeout continues to wait',
  ],
  StoresOverdueLoads: ['an overdue load is not joined, and does not replace a later one'],
  TakesAnyOptions: ['bad options are rejected before a load'],

  RetainsNoStaleValues: [
    'a stale value is visible to getOrSet only',
    'a stale value is served at once with staleWhileRevalidate and loaded in the background',
    'a stale value is served with staleIfError when the load fails',
  ],
  ReportsThatStaleValuesExist: ['a stale value is visible to getOrSet only'],
  ReturnsANegativeTtl: ['a stale value is visible to getOrSet only'],
  CountsTheStaleItDeletes: ['a stale value is removed and not counted'],
  ListsTheStale: [
    'a stale value is visible to getOrSet only',
    'an expired key is neither listed nor counted',
  ],
  CountsTheStaleItInvalidates: ['a stale value is removed by a pattern and not counted'],
  ReturnsStaleValuesToEveryCaller: [
    'a stale value is not returned to a call without an option for it',
    'a stale value is served with staleIfError when the load fails',
  ],
  TakesTheStaleForJustExpired: [
    'a stale value is not returned after the time in the options of the call',
  ],
  RemembersLoadedValues: [
    'a write replaces a stale value',
    'a stale value is not served after delete',
    'a stale value is not served after deleteMany',
    'a stale value is not served after clear',
    'a stale value is not served after invalidatePattern',
    'a stale value is not served after invalidateTags',
  ],
  IgnoresStaleWhileRevalidate: [
    'a stale value is served at once with staleWhileRevalidate and loaded in the background',
    'a stale value is loaded once for any number of callers',
  ],
  RefreshesForEveryCaller: [
    'a stale value is loaded once for any number of callers',
    'setMany during a refresh fences it',
  ],
  FailsTheRefresher: [
    'a stale value is served when its refresh fails, without an effect on callers',
  ],
  PrefersTheStale: ['the loaded value replaces a stale one with staleIfError'],
  IgnoresStaleIfError: ['a stale value is served with staleIfError when the load fails'],
  ServesWhatItSawFirst: [
    'a stale value is not served if it was deleted during the failed load',
    'a stale value is not served after a timeout if it was deleted during the load',
    'a stale value is not served to a caller that has aborted',
  ],
  ForgetsHowLongLoadsTook: [
    'earlyRefresh loads a value again before it is stale, and serves the old one',
  ],
  RefreshesAtEveryHit: [
    'earlyRefresh loads a value again before it is stale, and serves the old one',
  ],

  NeverBacksOff: ['failed loads pause, for longer after each failure'],
  BacksOffForever: ['failed loads pause for one second again after a success'],
  BacksOffForAllKeys: ['failed loads pause for their own key only'],
}
