import { Controller, Get, Query } from '@nestjs/common'
import { AnswersService } from './answers.service'

@Controller()
export class AnswersController {
  constructor(private readonly answers: AnswersService) {}

  @Get()
  async answer(@Query('text') text: string): Promise<string> {
    return this.answers.answer(text)
  }
}
