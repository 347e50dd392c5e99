// Holds FHIR R4 resources, one as JSON in each argument, against the
// specification with an independent validator. It prints what is wrong.
import { createRequire } from 'node:module'

const { Fhir } = createRequire(import.meta.url)('fhir')
const fhir = new Fhir()
let wrong = 0
for (const text of process.argv.slice(2)) {
  const found = fhir.validate(JSON.parse(text), { errorOnUnexpected: true })
  for (const m of found.messages.filter((m) => m.severity === 'error' || m.severity === 'fatal')) {
    console.log(`${m.location}: ${m.message}`)
    wrong++
  }
}
process.exit(wrong > 0 ? 1 : 0)
