// What openid-client and jose do with a Cloakroom: find it, verify, refresh, introspect, revoke, follow. Each step throws if it is not as it should be.
import assert from 'node:assert/strict'
import * as jose from 'jose'
import * as oauth from 'openid-client'

const { ISSUER, ALG, PROGRAMS } = process.env
const programs = JSON.parse(PROGRAMS)
const plainHTTP = { algorithm: 'oauth2', execute: [oauth.allowInsecureRequests] } // the issuer is on loopback

const discover = ({ id, secret }) =>
  oauth.discovery(new URL(ISSUER), id, undefined, secret ? oauth.ClientSecretBasic(secret) : oauth.None(), plainHTTP)

// inactive and refused hold what is said of a token, and to whom nothing is said.
const inactive = async (config, token) => assert.deepEqual(await oauth.tokenIntrospection(config, token), { active: false })
const refused = (promise, code, reason) =>
  assert.rejects(promise, (err) => {
    const body = err.cause
    assert.equal(err.error ?? body?.error, code, err.message)
    if (reason) assert.equal(body.reason, reason)
    return true
  })

const secret = programs.find((p) => p.secret)
const asResource = await discover(secret)

for (const program of programs) {
  const config = await discover(program)
  const server = config.serverMetadata()
  assert.equal(server.issuer, ISSUER)
  assert.equal(server.supportsPKCE(), false)

  // jose verifies by the published keys, and by nothing else.
  const keys = jose.createRemoteJWKSet(new URL(server.jwks_uri))
  const rules = { issuer: ISSUER, audience: ISSUER, typ: 'at+jwt', algorithms: [ALG], requiredClaims: ['sub', 'jti', 'client_id', 'sid'] }
  const verify = async (token) => (await jose.jwtVerify(token, keys, rules)).payload
  const first = await verify(program.access)
  assert.equal(first.client_id, program.id)
  assert.equal(first.scope, 'account')
  await assert.rejects(verify(program.access.slice(0, -8) + 'AAAAAAAA'), jose.errors.JWSSignatureVerificationFailed)
  await assert.rejects(jose.jwtVerify(program.access, keys, { ...rules, audience: 'https://else.example' }), jose.errors.JWTClaimValidationFailed)

  const tokens = await oauth.refreshTokenGrant(config, program.refresh)
  const second = await verify(tokens.access_token)
  assert.equal(second.sid, first.sid)
  assert.notEqual(second.jti, first.jti)
  assert.equal(tokens.token_type, 'bearer')
  assert.notEqual(tokens.refresh_token, program.refresh)
  const narrowed = await oauth.refreshTokenGrant(config, tokens.refresh_token, { scope: 'account' })
  await refused(oauth.refreshTokenGrant(config, narrowed.refresh_token, { scope: 'account admin' }), 'invalid_scope')
  await refused(oauth.refreshTokenGrant(config, 'A'.repeat(43)), 'invalid_grant', 'unknown')

  // A client with a secret may ask about everybody's tokens.
  const told = await oauth.tokenIntrospection(asResource, narrowed.access_token)
  assert.equal(told.active, true)
  for (const claim of ['iss', 'sub', 'exp', 'iat', 'sid', 'client_id', 'scope']) {
    assert.deepEqual(told[claim], (await verify(narrowed.access_token))[claim], claim)
  }
  await inactive(asResource, narrowed.refresh_token)
  await inactive(asResource, 'nonsense')
  if (!program.secret) {
    await assert.rejects(oauth.tokenIntrospection(config, narrowed.access_token), (err) => err.status === 401)
  }

  // Revoked: dead wherever one asks. jose has only the token to look at.
  await oauth.tokenRevocation(config, 'nonsense')
  await oauth.tokenRevocation(config, narrowed.refresh_token, { token_type_hint: 'refresh_token' })
  await oauth.tokenRevocation(config, narrowed.refresh_token)
  for (const token of [program.access, tokens.access_token, narrowed.access_token]) await inactive(asResource, token)
  await verify(narrowed.access_token)
  await refused(oauth.refreshTokenGrant(config, narrowed.refresh_token), 'invalid_grant', 'ended')

  // …unless it follows the feed, whose messages jose verifies too.
  const poll = await fetch(server.cloakroom_revocations_endpoint, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Authorization: 'Basic ' + btoa(`${secret.id}:${secret.secret}`),
    },
    body: JSON.stringify({ returnImmediately: true }),
  })
  assert.equal(poll.status, 200)
  const events = []
  for (const set of Object.values((await poll.json()).sets)) {
    const { payload } = await jose.jwtVerify(set, keys, { issuer: ISSUER, audience: `${ISSUER}/revocations`, typ: 'secevent+jwt', algorithms: ['ES256'] })
    events.push(payload)
  }
  assert.ok(events.some((e) => e.sub_id?.session?.id === first.sid), 'the feed does not tell of the session')

  // Nobody else's credentials do.
  if (program.secret) {
    const stranger = await discover({ id: program.id, secret: 'A'.repeat(43) })
    await assert.rejects(oauth.tokenIntrospection(stranger, program.access), (err) => err.status === 401)
    await assert.rejects(oauth.tokenRevocation(stranger, program.access), (err) => err.status === 401)
  }
}
console.log(`${programs.length} programs`)
