import { Test, type TestingModule } from '@nestjs/testing'
import { AnswersController } from './answers.controller'
import { AnswersService } from './answers.service'

describe('AnswersController', () => {
  let module: TestingModule

  beforeEach(async () => {
    module = await Test.createTestingModule({
      controllers: [AnswersController],
      providers: [AnswersService],
    }).compile()
  })
  afterEach(() => module.close())

  it('computes an answer only once', async () => {
    const controller = module.get(AnswersController)
    expect(await controller.answer('why')).toBe('answer 1')
    expect(await controller.answer('why')).toBe('answer 1')
  })

  it('recognizes the error of another package', async () => {
    expect(await module.get(AnswersController).answer(undefined as never)).toMatch(/^INVALID_/)
  })
})
