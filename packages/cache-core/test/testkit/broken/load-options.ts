import { planLoad, toMilliseconds } from '../../../src/implement.js'
import {
  CacheError,
  type GetOrSetOptions,
  type LoadContext,
  type Loader,
} from '../../../src/index.js'
import { ReferenceCache, type ReferenceOptions } from '../reference-cache.js'
import { type Call, ChangesCalls, without } from './support/changes-calls.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

class IgnoresTtlFunctions extends ChangesCalls {
  protected changedCall<T>(call: Call<T>): Call<T> {
    return typeof call.options.ttl === 'function' ? without(call, 'ttl') : call
  }
}

class IgnoresJitter extends ChangesCalls {
  protected changedCall<T>(call: Call<T>): Call<T> {
    return without(call, 'jitter')
  }
}

class LengthensByJitter extends ChangesCalls {
  protected changedCall<T>(call: Call<T>): Call<T> {
    const { jitter = 0 } = call.options
    return jitter > 0 && jitter <= 1 ? { ...call, options: { ttl: '3h', jitter } } : call
  }
}

class IgnoresSkip extends ChangesCalls {
  protected changedCall<T>(call: Call<T>): Call<T> {
    const loader: Loader<T> = ({ signal }) =>
      call.loader({ signal, skip: () => {} } as unknown as LoadContext)
    return { ...call, loader }
  }
}

class IgnoresSignals extends ChangesCalls {
  protected changedCall<T>(call: Call<T>): Call<T> {
    return without(call, 'signal')
  }
}

class EndsLoadsWithTheFirstCaller extends ChangesCalls {
  protected changedCall<T>(call: Call<T>): Call<T> {
    const { signal } = call.options
    if (signal === undefined) return call
    const loader: Loader<T> = (context) => {
      const either = AbortSignal.any([context.signal, signal])
      return call.loader({ signal: either, skip: () => context.skip() } as LoadContext)
    }
    return { ...call, loader }
  }
}

class StoresAbandonedLoads extends ChangesCalls {
  protected changedCall<T>(call: Call<T>): Call<T> {
    const loader: Loader<T> = async (context) => {
      const value = await call.loader(context)
      if (context.signal.aborted) await this.set(call.key, value)
      return value
    }
    return { ...call, loader }
  }
}

class IgnoresTimeouts extends ChangesCalls {
  protected changedCall<T>(call: Call<T>): Call<T> {
    return without(call, 'timeout')
  }
}

class EndsLoadsAtTheTimeout extends ChangesCalls {
  protected changedCall<T>(call: Call<T>): Call<T> {
    const hard = call.options.timeout?.hard
    if (hard === undefined) return call
    const loader: Loader<T> = (context) =>
      Promise.race([
        call.loader(context),
        new Promise<T>((_, reject) => {
          const fail = (): void => reject(new CacheError('late', { code: 'LOAD_TIMEOUT' }))
          setTimeout(fail, toMilliseconds(hard))
        }),
      ])
    return { ...without(call, 'timeout'), loader }
  }
}

class StoresOverdueLoads extends ReferenceCache {
  constructor(options: ReferenceOptions) {
    super(options)
    this.loads.fenceOlder = () => {}
  }
}

class TakesAnyOptions extends ReferenceCache {
  override async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    try {
      planLoad(options)
    } catch {
      return super.getOrSet(key, loader)
    }
    return super.getOrSet(key, loader, options)
  }
}

testBrokenCaches([
  IgnoresTtlFunctions,
  IgnoresJitter,
  LengthensByJitter,
  IgnoresSkip,
  IgnoresSignals,
  EndsLoadsWithTheFirstCaller,
  StoresAbandonedLoads,
  IgnoresTimeouts,
  EndsLoadsAtTheTimeout,
  StoresOverdueLoads,
  TakesAnyOptions,
])
