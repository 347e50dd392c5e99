// Fills in the pages' forms in Chromium as people do. Its arguments are the
// address, a folder for screenshots, and the paths of a message's page, of one
// that is locked, of two entries for a record, of an invitation, of a link of
// the practice that leads nowhere, of one to a file, and of one that was withdrawn; the date of birth is 10 December 1985.
import { accessible, dark, desk, done, look, narrow, phone, plain, rest } from './look.mjs'

const [message, locked, first, second, invitation, dead, file, gone] = rest
const inbox = '/sandbox/inbox'
const says = (text) => async (page, about) => {
  await accessible(page, about)
  if (!(await page.locator('main').innerText()).includes(text)) about(`does not say "${text}"`)
  if (await page.locator('main h1').count() !== 1) about('has no single h1')
}
// give fills in the date of birth with the keyboard alone.
const give = (date, text) => async (page, about) => {
  await page.locator('#day').focus()
  for (const [i, part] of date.entries()) {
    if (i > 0) await page.keyboard.press('Tab')
    await page.keyboard.type(part)
  }
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
  await says(text)(page, about)
}
// choose types two passwords with the keyboard alone.
const choose = (password, again, text, wrong) => async (page, about) => {
  await page.locator('#password').focus()
  await page.keyboard.type(password)
  await page.keyboard.press('Tab')
  await page.keyboard.type(again)
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
  await says(text)(page, about)
  if (!wrong) return
  if (await page.evaluate(() => document.activeElement.getAttribute('role')) !== 'alert') about('does not begin with what is wrong')
  await page.locator('[role=alert] a').click()
  if (await page.evaluate(() => document.activeElement.id) !== wrong) about('does not lead to what is wrong')
}
// signIn signs a member of staff in with the keyboard alone.
const signIn = (email, password, text, wrong) => async (page, about) => {
  await page.locator('#email').focus()
  await page.keyboard.type(email)
  await page.keyboard.press('Tab')
  await page.keyboard.type(password)
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
  await says(text)(page, about)
  if (!wrong) return
  if (await page.evaluate(() => document.activeElement.getAttribute('role')) !== 'alert') about('does not begin with what is wrong')
  await page.locator('[role=alert] a').click()
  if (await page.evaluate(() => document.activeElement.id) !== wrong) about('does not lead to what is wrong')
}
const katherine = (text) => signIn('katherine@example.org', 'correct horse battery', text)
// amiss gives a wrong one, and follows the way to it.
const amiss = (date, text) => async (page, about) => {
  await give(date, text)(page, about)
  if (await page.evaluate(() => document.activeElement.getAttribute('role')) !== 'alert') about('does not begin with what is wrong')
  await page.locator('[role=alert] a').click()
  if (await page.evaluate(() => document.activeElement.tagName) !== 'INPUT') about('does not lead to what is wrong')
}

for (const [name, options] of Object.entries({ desk, narrow, phone, dark })) {
  await look(name, message, options, says('What is your date of birth?'))
  await look(`${name}-none`, message, { ...options, later: [400] }, amiss(['10', '13', '1985'], 'The month must be a number from 1 to 12, or its name'))
  await look(`${name}-other`, message, { ...options, later: [403] }, amiss(['10', '12', '1986'], 'That is not the date of birth we have'))
  await look(`${name}-open`, message, options, give(['10', '12', '1985'], 'Your blood test is fine.'))
  await look(name, locked, { ...options, status: 403 }, says('locked'))
  await look(`${name}-word`, message, options, give(['10', 'Dec', '1985'], 'Your blood test is fine.'))
  await look(`${name}-dead`, dead, { ...options, status: 404 }, says('Contact Mill Lane Surgery on 01632 960100'))
  await look(`${name}-file`, file, options, says('What is your date of birth?'))
  await look(`${name}-file-none`, file, { ...options, later: [400] }, amiss(['', '', ''], 'Enter your date of birth'))
  await look(`${name}-file-other`, file, { ...options, later: [403] }, amiss(['10', '12', '1986'], 'That is not the date of birth we have'))
  await look(`${name}-file-open`, file, options, async (page, about) => {
    await give(['10', '12', '1985'], 'Referral letter.txt')(page, about)
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download the file' }).click()])
    if (download.suggestedFilename() !== 'Referral letter.txt') about(`the file is called ${download.suggestedFilename()}`)
  })
  await look(`${name}-gone`, gone, { ...options, status: 410 }, says('This link has been withdrawn'))
  await look(name, first, options, async (page, about) => {
    await says('Sign in to decide')(page, about)
    if (/Byron|blood|SNOMED/.test(await page.content())) about('shows the entry to a stranger')
  })
  await look(`${name}-signin-none`, first, { ...options, later: [400] }, signIn('', 'x', 'Enter your e-mail address', 'email'))
  await look(`${name}-signin-wrong`, first, { ...options, later: [401] }, signIn(`${name}@example.org`, 'wrong', 'is not right for Mill Lane Surgery', 'email'))
  await look(`${name}-signin-barred`, first, { ...options, later: [403] }, signIn('rita@example.org', 'correct horse battery', 'You cannot decide this'))
  await look(`${name}-signed`, first, options, async (page, about) => {
    await katherine('Record of Ada Byron')(page, about)
    await says('Your blood test is fine.')(page, about)
  })
  await look(`${name}-signed-out`, first, options, async (page, about) => {
    await katherine('Signed in as Katherine Johnson')(page, about)
    await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: 'Sign out' }).click()])
    await says('Sign in to decide')(page, about)
  })
  await look(name, inbox, options, async (page, about) => {
    for (const s of await page.locator('summary').all()) await s.click()
    await says('07700 900990')(page, about)
  })
  await look(name, invitation, options, says('Use at least 12 characters'))
  await look(`${name}-short`, invitation, { ...options, later: [400] }, choose('short', 'short', 'Your password must have 12 characters or more', 'password'))
  await look(`${name}-other`, invitation, { ...options, later: [400] }, choose('correct horse battery', 'correct horse', 'The two passwords are not the same', 'again'))
  await look(`${name}-unknown`, '/invite/nobody', { ...options, status: 404 }, says('This link does not work'))
  await look(`${name}-nobody`, `${inbox}?to=nobody`, options, says('Nothing has come for nobody'))
}
for (const [path, button, text] of [[first, 'Write to the record of Ada Byron', 'It will be written'], [second, 'Do not write', 'It will not be written']]) {
  await look('plain', path, plain, async (page, about) => {
    await page.getByLabel('E-mail address').fill('katherine@example.org')
    await page.getByLabel('Password').fill('correct horse battery')
    await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: 'Sign in' }).click()])
    await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: button }).click()])
    if (!(await page.locator('h1').innerText()).includes(text)) about(`does not say "${text}"`)
  })
  await look('desk-again', path, { ...desk, status: 409 }, says('This was decided already'))
}
await look('plain', invitation, plain, async (page, about) => {
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery')
  await page.getByLabel('The same password again').fill('correct horse battery')
  await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: 'Set the password' }).click()])
  if (!(await page.locator('h1').innerText()).includes('Your password is set')) about('does not say that the password is set')
})
await look('phone-used', invitation, { ...phone, status: 404 }, says('This link does not work'))
await done()
