import { Injectable, type OnModuleDestroy } from '@nestjs/common'
import { AIResponseCache } from '@verbatim/cache-ai'
import { CacheError } from '@verbatim/cache-core'
import { prometheusRegistry } from '@verbatim/cache-monitoring/prometheus'

@Injectable()
export class AnswersService implements OnModuleDestroy {
  private readonly cache = new AIResponseCache()
  private computed = 0

  async answer(text: string): Promise<string> {
    try {
      const { response } = await this.cache.getOrCompute({ text, operation: 'qa' }, () => {
        this.computed += 1
        return `answer ${this.computed}`
      })
      return response
    } catch (error) {
      if (error instanceof CacheError) return error.code
      throw error
    }
  }

  readonly metrics = prometheusRegistry

  onModuleDestroy(): Promise<void> {
    return this.cache.close()
  }
}
