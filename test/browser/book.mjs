// Books, moves and cancels by a link in Chromium as patients do. Its arguments
// are the address, a folder for screenshots, a date of birth, and for each way
// of looking the path of a booking link with two types of appointment.
import { accessible, base, browser, dark, desk, done, narrow, phone, plain, rest, shots, wrong } from './look.mjs'

const [born, ...links] = rest
const ways = { desk, narrow, phone, dark, plain }
const biggest = 100 * 1024 // bytes of a page

for (const [i, [name, options]] of Object.entries(ways).entries()) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  let step = 0
  const about = (text) => wrong.push(`${name} ${step} ${page.url()}: ${text}`)
  page.on('request', (r) => { if (!r.url().startsWith(base) && !r.url().startsWith('data:')) about(`asks ${r.url()}`) })
  page.on('console', (m) => { if (m.type() === 'error') about(`console: ${m.text()}`) })
  // sees looks at the page as a person and a checker would.
  const sees = async (text) => {
    step++
    if (name !== 'plain') await accessible(page, about)
    if (!(await page.locator('main').innerText()).includes(text)) about(`does not say "${text}"`)
    if (await page.locator('main h1').count() !== 1) about('has no single h1')
    if (await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)) about('is wider than the screen')
    if ((await page.content()).length > biggest) about('is too big')
    if (/ada|byron|\d{3} \d{3} \d{4}/i.test(await page.title() + page.url())) about('has a name in its title or address')
    if (shots) await page.screenshot({ path: `${shots}/book-${name}-${step}.png`, fullPage: true })
  }
  // press uses what it finds by the keyboard alone.
  const press = async (what) => {
    await what.first().focus()
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
  }
  const link = (text) => page.getByRole('link', { name: text })
  const button = (text) => page.getByRole('button', { name: text })
  await page.goto(base + links[i])
  await sees('What is your date of birth?')
  const [year, month, day] = born.split('-')
  await page.locator('#day').fill(day)
  await page.locator('#month').fill(month)
  await page.locator('#year').fill(year)
  await press(button('Continue'))
  await sees('What do you need an appointment for?')
  await press(page.locator('.picks a'))
  await sees('Next free time')
  await page.locator('#part').selectOption('morning')
  await press(button('Show these times'))
  await sees('Choose a time')
  const days = page.locator('details')
  if (await days.count() < 2) about('has fewer than two days')
  await days.nth(1).locator('summary').click()
  const times = await days.nth(1).locator('.times button').allInnerTexts()
  if (times.some((t) => t >= '12:00')) about(`has ${times} in the morning`)
  await press(days.nth(1).locator('.times button').last())
  await sees('minutes left')
  await press(button('Book this appointment'))
  await sees('Your appointment is booked')
  const first = await page.locator('time').innerText()
  // The back button and the same press again make no other.
  await page.goBack()
  await page.reload()
  await sees('Your appointment is booked')
  await press(link('Move it to another time'))
  await sees('You keep that time until you have a new one')
  await page.locator('details').last().locator('summary').click()
  await press(page.locator('details').last().locator('.times button').last())
  await sees('It is not moved yet')
  await press(button('Move the appointment'))
  await sees('Your appointment is moved')
  if (await page.locator('time').innerText() === first) about('it was not moved')
  await press(link('Cancel it'))
  await sees('Do you want to cancel')
  await press(button('Cancel the appointment'))
  await sees('Your appointment is cancelled')
  if (await page.evaluate(() => document.cookie) !== '') about('a script can read the cookie')
  await context.close()
}
await done()
