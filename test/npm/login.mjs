// An OpenID provider that behaves as NHS login does towards its clients, for
// tests: oidc-provider, which is strict about private_key_jwt with RS512, PKCE,
// vtr and codes that are good for one try. Its argument is JSON: the client's id,
// its public key in PEM, where patients come back to, and the people there are.
// It prints its address, and ends with its input.
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const { client_id, key, redirect_uri, people } = JSON.parse(process.argv[2])
const server = createServer()
await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
const issuer = `http://127.0.0.1:${server.address().port}`
const own = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
const levels = /^\["P\d\.[A-Za-z.]+"(,"P\d\.[A-Za-z.]+")*\]$/

const provider = new Provider(issuer, {
  clients: [{
    client_id, redirect_uris: [redirect_uri], response_types: ['code'], grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'RS512',
    id_token_signed_response_alg: 'RS512',
    jwks: { keys: [{ ...createPublicKey(key).export({ format: 'jwk' }), use: 'sig', alg: 'RS512' }] },
  }],
  jwks: { keys: [{ ...own, use: 'sig', alg: 'RS512', kid: 'nhs-1' }] },
  clientAuthMethods: ['private_key_jwt'],
  enabledJWA: { clientAuthSigningAlgValues: ['RS512'], idTokenSigningAlgValues: ['RS512'] },
  pkce: { required: () => true },
  extraParams: {
    vtr(ctx, value) { if (!levels.test(value ?? '')) throw new Error('vtr is a list of vectors of trust') },
  },
  scopes: ['openid', 'profile', 'profile_extended'],
  claims: {
    openid: ['sub', 'vot', 'vtm'],
    profile: ['nhs_number', 'birthdate', 'family_name', 'identity_proofing_level'],
    profile_extended: ['given_name'],
  },
  features: { devInteractions: { enabled: false }, userinfo: { enabled: true } },
  interactions: { url: (ctx, interaction) => `/log-in/${interaction.uid}` },
  cookies: { keys: ['tests'] },
  ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Interaction: 600, Grant: 600, Session: 600 },
  async findAccount(ctx, sub) {
    const who = people[sub]
    return who && {
      accountId: sub,
      async claims() {
        return { sub, vot: `${who.identity_proofing_level}.Cp.Cd`, vtm: `${issuer}/trustmark`, ...who }
      },
    }
  },
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
    grant.addOIDCScope('openid profile profile_extended')
    grant.addOIDCClaims(['vot', 'vtm'])
    await grant.save()
    return grant
  },
})

const body = async (request) => {
  let text = ''
  for await (const piece of request) text += piece
  return new URLSearchParams(text)
}

server.on('request', async (request, response) => {
  if (!request.url.startsWith('/log-in/')) return provider.callback()(request, response)
  if (request.method === 'POST') {
    const who = (await body(request)).get('who')
    const result = who ? { login: { accountId: who } } : { error: 'access_denied', error_description: 'ConsentNotGiven' }
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  }
  response.setHeader('Content-Type', 'text/html; charset=utf-8')
  response.end(`<!doctype html><html lang="en"><title>Log in</title><link rel="icon" href="data:,"><h1>Log in</h1><form method="post">${
    Object.keys(people).map((sub) => `<button name="who" value="${sub}">${sub}</button>`).join(' ')
  } <button name="who" value="">Cancel</button></form></html>`)
})
console.log(issuer)
process.stdin.resume().on('end', () => process.exit(0))
