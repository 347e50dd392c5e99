// Fills in a form by a link in Chromium as patients do. Its arguments are the
// address, a folder for screenshots, a date of birth, the files of a photograph
// and of a text that is named like one, and for each way of looking the path of a form link.
import { accessible, base, browser, dark, desk, done, narrow, phone, plain, rest, shots, wrong } from './look.mjs'

const [born, picture, note, ...links] = rest
const ways = { desk, narrow, phone, dark, plain, welsh: { ...narrow, locale: 'cy' } }
const biggest = 100 * 1024 // bytes of a page

for (const [i, [name, options]] of Object.entries(ways).entries()) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const welsh = name === 'welsh'
  let step = 0
  let refused = false
  const about = (text) => wrong.push(`${name} ${step} ${page.url()}: ${text}`)
  page.on('request', (r) => { if (!r.url().startsWith(base) && !r.url().startsWith('data:')) about(`asks ${r.url()}`) })
  page.on('console', (m) => { if (m.type() === 'error' && !(refused && m.text().includes('400'))) about(`console: ${m.text()}`) })
  // sees looks at the page as a person and a checker would.
  const sees = async (text, cymraeg) => {
    step++
    const want = welsh && cymraeg !== undefined ? cymraeg : text
    if (name !== 'plain') await accessible(page, about)
    if (!(await page.locator('main').innerText()).includes(want)) about(`does not say "${want}"`)
    if (await page.locator('main h1').count() !== 1) about('has no single h1')
    if (await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)) about('is wider than the screen')
    if ((await page.content()).length > biggest) about('is too big')
    if (/\bada\b|byron|\d{3} \d{3} \d{4}/i.test(await page.title() + page.url())) about('has a name in its title or address')
    if (shots) await page.screenshot({ path: `${shots}/fill-${name}-${step}.png`, fullPage: true })
  }
  // press uses what it finds by the keyboard alone.
  const press = async (what) => {
    await what.first().focus()
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
  }
  // fails presses and looks at what is wrong: the summary leads to the field.
  const fails = async (what, text, cymraeg) => {
    refused = true
    await press(what)
    await sees(text, cymraeg)
    refused = false
    if (!/^(Error|Gwall)/.test(await page.title())) about('does not say in its title that there is an error')
    const leads = await page.locator('.wrong a').first().getAttribute('href')
    if (await page.locator(leads).count() !== 1) about(`${leads} leads nowhere`)
    await page.locator('.wrong a').first().focus()
    await page.keyboard.press('Enter')
    if (await page.evaluate(() => document.activeElement.id) !== leads.slice(1)) about(`${leads} does not take the focus`)
  }
  const go = page.locator('main form button').first()
  await page.goto(base + links[i])
  await sees('fill in a form', 'lenwi ffurflen')
  const [year, month, day] = born.split('-')
  await page.locator('#day').fill(day)
  await page.locator('#month').fill(month)
  await page.locator('#year').fill(year)
  await press(go)
  await sees('Your answers are saved as you go', 'Mae eich atebion yn cael eu cadw')
  await press(page.locator('a.go'))
  await sees('Do you smoke?')
  await fails(go, 'Select an answer', 'Dewiswch ateb')
  await page.getByLabel('Yes').check()
  await press(go)
  await sees('How many a day?')
  await page.getByLabel('How many a day?').fill('lots')
  await page.getByLabel('How much do you weigh?').fill('1000')
  await page.locator('input.two').fill('31')
  await page.locator('input.month').fill('2')
  await page.locator('input.four').fill('2030')
  await fails(go, 'Enter a whole number from 1 to 100', 'Rhowch rif cyfan o 1 i 100')
  if (await page.getByLabel('How many a day?').inputValue() !== 'lots') about('forgets what was typed')
  await page.getByLabel('How many a day?').fill('10')
  await page.getByLabel('How much do you weigh?').fill('82.5')
  await page.locator('input.month').fill(welsh ? 'ionawr' : 'January')
  await page.getByLabel('What are you allergic to?').fill('Nuts\nPenicillin')
  await page.getByLabel('Anything else').fill('Two lines,\nlike these.')
  await press(go)
  await sees('Which of these do you have?')
  await page.getByLabel('Asthma').check()
  await page.getByLabel('Diabetes').check()
  await press(go)
  await sees('call in an emergency?')
  await page.locator('input[type=tel]').fill('01632 960001')
  await fails(go, 'full name', 'enw llawn')
  await page.locator('input[id$=-name]').fill('Ben')
  await press(go)
  await sees('Proof of address')
  await page.locator('input[type=file]').setInputFiles(note)
  await fails(page.locator('button[value=stay]'), 'must be a photograph', 'fod yn ffotograff')
  await page.locator('input[type=file]').setInputFiles(picture)
  await press(page.locator('button[value=stay]'))
  await sees('bill.jpg')
  await press(page.locator('button.link'))
  if ((await page.locator('main').innerText()).includes('bill.jpg')) about('the file is still there')
  await page.locator('input[type=file]').setInputFiles(picture)
  await press(page.locator('button[value=continue]'))
  await sees('Signature')
  // A closed browser loses nothing: the link goes on where it was left.
  await page.goto(base + links[i])
  await sees('Signature')
  await page.locator('main form input[type=text]').fill('Ben')
  await press(go)
  await sees('Check your answers', 'Gwiriwch eich atebion')
  for (const text of ['82.5 kg', 'Penicillin', 'Diabetes', 'bill.jpg', welsh ? '31 Ionawr 2030' : '31 January 2030']) {
    if (!(await page.locator('main').innerText()).includes(text)) about(`does not show ${text}`)
  }
  // What another answer rules out goes, and comes back with it.
  await press(page.locator('dd a').first())
  await page.getByLabel('No', { exact: true }).check()
  await press(go)
  if ((await page.locator('main').innerText()).includes('How many a day?')) about('shows what is not asked')
  await press(page.locator('dd a').first())
  await page.getByLabel('Yes').check()
  await press(go)
  await sees('How many a day?')
  const check = page.url()
  await press(page.locator('main form button'))
  await sees('We look forward to meeting you')
  // The back button and the same press again send no other.
  await page.goBack()
  await page.goto(check)
  await sees('We look forward to meeting you')
  if (await page.evaluate(() => document.cookie) !== '') about('a script can read the cookie')
  await context.close()
}
await done()
