// The words that this repository does not use, each with the word to use instead. An entry says in
// which files, or with which exceptions, where a word also has an ordinary meaning.

const REDIS_SOURCE = /^packages\/cache-redis\/(src|test|bench|nightly)\//
const COHERENCE = /^tooling\/coherence\//
const SOURCE = /^(packages|apps)\/[^/]+\/(src|page)\/|^tooling\/[^/]+\/src\/|^scripts\//

/**
 * Words of declared names. `word` matches whole words of a name: `near` matches `startNear`, not
 * `nearest`. Several words match in sequence: `write over` matches `writeOverKey`.
 *
 * `within` limits an entry to the files where the word can only have the bad meaning. `except` lists
 * names that belong to other libraries or to the public contract.
 *
 * Not in this list, because names use these words with another meaning almost everywhere:
 * - `shared`, `l1`: shared listeners; the public options `enableL1Cache` and `l1CacheSize`
 * - `over`: `failedOver`, `isOver`
 * - `word`, `text`: words of a command or of a text
 * - `plain`: plain objects. Only the scripting mode `'plain'` is meant, see {@link VALUES}.
 * - `trusted`: the right column has `isTrusted`
 * - `dead`, `alive`, `held`, `keep` and `seen` outside of sources: tests watch processes, hold calls
 *   back, and collect events
 *
 * @type {{ word: string, use: string, within?: RegExp, except?: RegExp }[]}
 */
export const NAME_WORDS = [
  { word: 'near|nearer', use: 'memory tier' },
  { word: 'far|farther', use: 'Redis' },
  {
    word: 'copies',
    use: 'memory tier',
    within: REDIS_SOURCE,
    // Two copies of one module in a process.
    except: /module|recognize/i,
  },
  { word: 'longest copy', use: 'memoryTtl' },
  { word: 'life|lives|lived', use: 'TTL, or lifetime of a process or a connection' },
  { word: 'dead', use: 'expired', within: SOURCE },
  { word: 'alive', use: 'fresh', within: SOURCE, except: /^keep_?alive/i },
  { word: 'seen', use: 'expectedRevision, or visited', within: SOURCE },
  { word: 'stamp|stamps|stamped', use: 'revision' },
  { word: 'mark|marks', use: 'lease', within: REDIS_SOURCE, except: /healthy/i },
  { word: 'write over|writes over', use: 'compareAndSet' },
  { word: 'glimpse|glimpses', use: 'metadata' },
  {
    word: 'program|programs',
    use: 'script',
    within: /^packages\/cache-redis\/src\//,
    except: /worker/i,
  },
  {
    word: 'way|ways',
    use: 'scripting mode',
    within: /^packages\/cache-redis\/src\//,
    except: /under_?way/i,
  },
  { word: 'link|links|linked', use: 'tracking connection', within: REDIS_SOURCE },
  { word: 'link|links|linked', use: 'tracking connection', within: COHERENCE },
  { word: 'hear|hears|heard|unheard', use: 'receive, missed' },
  { word: 'silent|silence', use: 'unresponsive', within: REDIS_SOURCE },
  { word: 'tally|tallies', use: 'counters' },
  { word: 'operation reports', use: 'instrumentation' },
  { word: 'tell|tells|told', use: 'notify, report' },
  { word: 'trouble|troubles', use: 'error policy, lastError' },
  { word: 'change log', use: 'pending invalidations' },
  { word: 'believe|believes|recall|recalls', use: 'isTrusted, replay' },
  { word: 'make good|makes good|made good', use: 'replay' },
  { word: 'trust|trusts|distrust|distrusts|distrusted', use: 'isTrusted, healthy, mark unhealthy' },
  { word: 'judge|judges|consider|considers', use: 'classify' },
  { word: 'partly open', use: 'partial' },
  { word: 'news', use: 'key waiters' },
  { word: 'overtake|overtakes|overtaken|overtaker', use: 'supersede' },
  { word: 'now or later', use: 'MaybePromise' },
  { word: 'kept', use: 'stored value, retained' },
  { word: 'held', use: 'stored value', within: SOURCE, except: /until/i },
  { word: 'keep|keeps', use: 'store, retain', within: SOURCE, except: /keep_?alive/i },
  {
    word: 'reading|readings',
    use: 'read in flight',
    within: REDIS_SOURCE,
    except: /reading_?error/i,
  },
  { word: 'ticket|tickets', use: 'read in flight, write in flight' },
  {
    word: 'text tier|text tiers',
    use: 'text size',
    // The names of the Python version.
    except: /^(getTextTierStatistics|textTier|textTierDistribution|text_tier\w*)$/,
  },
]

/** Values of types, as in `state: 'partly open'`. */
export const VALUES = [
  { value: 'partly open', use: 'partial' },
  { value: 'plain', use: 'commands', within: /^packages\/cache-redis\/src\// },
]

/** Words and constructions of comments, test names, messages and pages. */
export const PHRASES = [
  { phrase: /\banew\b/, use: 'again' },
  { phrase: /\bonce more\b/, use: 'again' },
  { phrase: /\bmeanwhile\b/, use: 'during …' },
  { phrase: /\ball the same\b/, use: 'still, anyway' },
  { phrase: /\bbe (it|they)\b/, use: 'whether' },
  {
    phrase: /\b(nobody|somebody|everybody|whoever)\b/,
    use: 'name the actor: no caller, another process',
  },
  { phrase: /\bwho (comes|asks|waits|reads|writes)\b/, use: 'name the actor: later callers' },
  { phrase: /\bno longer than it\b/, use: 'as long as' },
  {
    phrase:
      /(?<!\bthere )\b(is|are|was|were) (no|none)(?! (longer|more|less|fewer|later|earlier)\b)(?= [a-z])/,
    use: 'is not a …',
  },
  { phrase: /\bof which\b/, use: 'a new sentence' },
  { phrase: /\bof several\b(?! [a-z]+s\b)/, use: 'one of several …, named' },
  { phrase: /\bfor ever\b/, use: 'forever, never expires' },
  { phrase: /\bas yet\b/, use: 'yet' },
  { phrase: /\bin vain\b/, use: 'without success' },
  { phrase: /\bto be had\b/, use: 'available' },
  { phrase: /\b(is|are|was|were|of) no use\b/, use: 'unavailable' },
  { phrase: /\btold\b/, use: 'notified, reported, received' },
  { phrase: /\btells? (of|once|so)\b/, use: 'reports' },
  { phrase: /\b(make|makes|made) good\b/, use: 'retry, replay' },
  {
    phrase: /\bstands? (before|beside|under|in|at|on|there|between|behind|after)\b/,
    use: 'is, precedes, follows',
  },
  { phrase: /\b(fall|falls|fell|fallen) silent\b|\bsilence\b/, use: 'stops responding' },
  { phrase: /\b(life|lives)\b/, use: 'TTL, lifetime' },
  { phrase: /\b(overtake|overtakes|overtaken|overtaker|overtook)\b/, use: 'supersede' },
  { phrase: /\b(distrust|distrusts|distrusted)\b/, use: 'mark unhealthy' },
  { phrase: /\b(glimpse|glimpses)\b/, use: 'metadata' },
  { phrase: /\b(tally|tallies)\b/, use: 'counters' },
  { phrase: /\bunheard\b/, use: 'missed' },
  {
    phrase: /\b(near|far|nearer|farther) (tier|copy|copies|entry|entries|store)\b/,
    use: 'memory tier, Redis',
  },
  { phrase: /\bpartly open\b/, use: 'partial' },
  { phrase: /\ballowed:/, use: '<argument> must be <rule>; received <type>' },
]

/** Words of history. They mean nothing to a user. */
export const HISTORY = [
  {
    phrase: /\b(the|of|in) seed\b|\bseed's\b/,
    use: 'the Python version',
    // The seed of a random number generator.
    except:
      /^packages\/cache-bench\/|^packages\/cache-core\/(src|test)\/testkit\/|^tooling\/(coherence|fault-proxy)\//,
  },
  {
    phrase: /\boriginals?\b/,
    use: 'the Python version, or uncompressed',
    // The object that a copy was made of.
    except: /^packages\/cache-memory\/(src|test)\/(.+\/)?deep-copy|^docs\/benchmarks/,
  },
  { phrase: /\bours\b/, use: 'this cache, this repository' },
]

/** Files that may use the words of the Python version. */
export const LEGACY = /^packages\/cache-ai\/(src|test)\/legacy\//

/** First words of a doc comment that announce a clause without a subject, or have no noun. */
export const HEADLESS_STARTS = new Set([
  ...['what', 'who', 'whose', 'whom', 'which', 'whoever', 'whatever', 'how', 'where'],
  ...['of', 'such', 'so', 'something', 'somebody', 'someone', 'nobody', 'nothing', 'anything'],
  ...['everything', 'everybody', 'it', 'its', 'they', 'those', 'these', 'that', 'told'],
])

/** Measures that may start the comment of an option or a constant: `How long a reply may take`. */
export const MEASURE_STARTS = /^How (long|many|often|much|large|old|soon)\b/

/** Verbs that never start a doc comment: Returns, Reports and Emits say the same. */
export const VAGUE_VERBS = new Set(['answer', 'answers', 'tell', 'tells', 'say', 'says'])

/** Words that end in "s" and are not third-person verbs. */
export const NO_VERBS = new Set([
  ...['as', 'has', 'is', 'its', 'this', 'was', 'always', 'across', 'unless', 'less'],
])

/** Other permitted starts of the comment of a function. */
export const FUNCTION_STARTS = /^(Called|See|Same as|For tests)\b/
