import { NestFactory } from '@nestjs/core'
import { AppModule } from './app.module'

/** Starts the application, sends three requests and stops it. */
async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: false })
  await app.listen(0, '127.0.0.1')
  const url = await app.getUrl()
  for (const question of ['?text=why', '?text=why', '']) {
    console.log(await (await fetch(`${url}/${question}`)).text())
  }
  await app.close()
}

void main()
