// Joins and leaves the waiting list and answers an offer in Chromium as patients do. Its arguments are the address, a
// folder for screenshots, and for each way of looking a date of birth, the path of an offer's link and that of a booking
// link, with spaces between.
import { accessible, base, browser, dark, desk, done, narrow, phone, plain, rest, shots, wrong } from './look.mjs'

const ways = { desk, narrow, phone, dark, plain }

for (const [i, [name, options]] of Object.entries(ways).entries()) {
  const [born, offer, link] = rest[i].split(' ')
  const context = await browser.newContext(options)
  const page = await context.newPage()
  let step = 0
  const about = (text) => wrong.push(`${name} ${step} ${page.url()}: ${text}`)
  page.on('request', (r) => { if (!r.url().startsWith(base) && !r.url().startsWith('data:')) about(`asks ${r.url()}`) })
  page.on('console', (m) => { if (m.type() === 'error') about(`console: ${m.text()}`) })
  const sees = async (text) => {
    step++
    if (name !== 'plain') await accessible(page, about)
    if (!(await page.locator('main').innerText()).includes(text)) about(`does not say "${text}"`)
    if (await page.locator('main h1').count() !== 1) about('has no single h1')
    if (await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)) about('is wider than the screen')
    if (shots) await page.screenshot({ path: `${shots}/waiting-${name}-${step}.png`, fullPage: true })
  }
  // press uses what it finds by the keyboard alone.
  const press = async (what) => {
    await what.first().focus()
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
  }
  const named = (text) => page.getByRole('link', { name: text })
  const button = (text) => page.getByRole('button', { name: text })
  const prove = async (at, text) => {
    await page.goto(base + at)
    await sees(text)
    const [year, month, day] = born.split('-')
    await page.locator('#day').fill(day)
    await page.locator('#month').fill(month)
    await page.locator('#year').fill(year)
    await press(button('Continue'))
  }
  const sooner = i % 2 === 0
  await prove(offer, 'is holding a time for you')
  await sees(sooner ? 'Something sooner is free' : 'An appointment is free')
  if (sooner) {
    await page.reload() // which takes nothing
    await sees('We hold this time for you')
    await press(button('Take this time'))
    await sees('Your appointment is moved')
    await press(named('Tell me when something sooner is free'))
    await sees('you keep your appointment')
  } else {
    await press(button('No, not this one'))
    await sees('You said no')
    await press(button('Take me off the waiting list'))
    await sees('You are not on the waiting list any more')
  }
  await prove(link, 'a link to book an appointment')
  await sees('If no time suits you')
  await press(named('Tell me when something is free'))
  await sees('Which days suit you?')
  await page.getByLabel('Monday').focus()
  await page.keyboard.press('Space')
  if (!await page.getByLabel('Monday').isChecked()) about('Monday cannot be chosen by the keyboard')
  await press(button('Put me on the waiting list'))
  await sees('You are on the waiting list')
  await press(button('Take me off the waiting list'))
  await sees('You are off the waiting list')
  await press(named('Back to the free times'))
  await sees('Choose a time')
  await context.close()
}
await done()
