// Opens a link for anyone in Chromium and says who the visitor is. Its arguments
// are the address, a folder for screenshots, the path of a link to use, and that
// of one to pause.
import { accessible, base, browser, dark, desk, done, narrow, phone, plain, rest, shots, wrong } from './look.mjs'

const [link, paused] = rest
const ways = { desk, narrow, phone, dark, plain }

for (const [name, options] of Object.entries(ways)) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  let step = 0
  const about = (text) => wrong.push(`${name} ${step} ${page.url()}: ${text}`)
  page.on('request', (r) => { if (!r.url().startsWith(base) && !r.url().startsWith('data:')) about(`asks ${r.url()}`) })
  const sees = async (...texts) => {
    step++
    if (name !== 'plain') await accessible(page, about)
    const said = await page.locator('main').innerText()
    for (const text of texts) if (!said.includes(text)) about(`does not say "${text}"`)
    if (await page.locator('main h1').count() !== 1) about('has no single h1')
    if (await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)) about('is wider than the screen')
    if (/ada|byron|\d{3} \d{3} \d{4}/i.test(await page.title() + page.url())) about('has a name in its title or address')
    if (shots) await page.screenshot({ path: `${shots}/anyone-${name}-${step}.png`, fullPage: true })
  }
  const press = async (text) => {
    await page.getByRole('button', { name: text }).first().focus()
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
  }
  const fill = async (values) => {
    for (const [field, value] of Object.entries(values)) await page.locator('#' + field).fill(value)
  }
  const holds = async (field, value) => { if (await page.locator('#' + field).inputValue() !== value) about(`${field} has lost ${value}`) }

  await page.goto(base + link)
  await sees('Tell us who you are', 'One of the two is enough')
  await press('Continue')
  await sees('There is a problem', 'Enter your first name', 'Enter your NHS number or your postcode')
  // The list of mistakes leads to the fields.
  await page.getByRole('link', { name: 'Enter your last name' }).focus()
  await page.keyboard.press('Enter')
  if (await page.evaluate(() => document.activeElement.id) !== 'last_name') about('does not lead to the field')
  await fill({ first_name: 'Ada', last_name: 'Byron', day: '11', month: 'December', year: '1985', nhs_number: '999 000 0019' })
  await press('Continue')
  await sees('Your NHS number must have 10 digits')
  await holds('month', 'December')
  await fill({ nhs_number: '999 000 0018' })
  await press('Continue')
  await sees('cannot be sure who you are', 'quote the reference')
  await page.goto(base + link)
  await fill({ first_name: 'Ada', last_name: 'Byron', day: '10', month: '12', year: '1985', postcode: 'zz1 2ab' })
  await press('Continue')
  await sees('Choose a time')
  if (await page.evaluate(() => document.cookie) !== '') about('a script can read the cookie')
  await context.close()
}

// Too many who cannot be identified: the page says when to try again, and keeps what was typed.
const context = await browser.newContext(phone)
const page = await context.newPage()
const about = (text) => wrong.push(`paused: ${text}`)
await page.goto(base + paused)
for (let i = 0; i < 10; i++) {
  await context.request.post(base + paused, { form: { first_name: 'Owen', last_name: 'Vaughan', day: '17', month: '5', year: '1962', nhs_number: '', postcode: 'ZZ1 4VN' }, maxRedirects: 0 })
}
for (const [field, value] of Object.entries({ first_name: 'Ada', last_name: 'Byron', day: '10', month: '12', year: '1985', postcode: 'ZZ1 2AB' })) await page.locator('#' + field).fill(value)
await page.getByRole('button', { name: 'Continue' }).click()
await page.waitForLoadState()
await accessible(page, about)
if (!(await page.locator('main').innerText()).includes('Try again in')) about('does not say when to try again')
if (await page.locator('#last_name').inputValue() !== 'Byron') about('has lost what was typed')
if (shots) await page.screenshot({ path: `${shots}/anyone-paused.png`, fullPage: true })
await context.close()
await done()
