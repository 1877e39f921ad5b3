// An OpenID Connect provider that lies (oauth2-mock-server): `login_hint` of the authorization request says
// how the answer to it is bent.
//
//   node bent-idp.mjs MODULES PORT
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, port] = process.argv.slice(2);
const require = createRequire(join(modules, 'here.js'));
const { OAuth2Server } = await import(pathToFileURL(require.resolve('oauth2-mock-server')));

const server = new OAuth2Server();
await server.issuer.keys.generate('RS256', { kid: 'first' });
// Published only after somebody asked for `rotate`.
const next = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), alg: 'RS256', kid: 'second' };
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

const bends = new Map();
const now = () => Math.floor(Date.now() / 1000);
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const open = (token) => token.split('.').slice(0, 2).map((text) => JSON.parse(Buffer.from(text, 'base64url')));

server.service.on('beforeAuthorizeRedirect', ({ url }, request) => {
  const bend = request.query.login_hint;
  bends.set(url.searchParams.get('code'), bend);
  if (bend === 'mixed up') url.searchParams.set('iss', 'http://127.0.0.1:1');
  if (bend === 'names itself') url.searchParams.set('iss', server.issuer.url);
  if (bend === 'other state') url.searchParams.set('state', 'x'.repeat(43));
  if (bend === 'two codes') url.searchParams.append('code', 'another');
  if (bend === 'denied') {
    url.searchParams.delete('code');
    url.searchParams.set('error', 'access_denied');
  }
  if (bend === 'rotate') server.issuer.keys.add(next);
});

const claims = {
  'other audience': (payload) => { payload.aud = 'other'; },
  'two audiences': (payload) => { payload.aud = [payload.aud, 'other']; },
  'other party': (payload) => { payload.azp = 'other'; },
  'other issuer': (payload) => { payload.iss = 'https://evil.example'; },
  'other nonce': (payload) => { payload.nonce = 'x'.repeat(43); },
  'no nonce': (payload) => { delete payload.nonce; },
  'expired': (payload) => { payload.exp = now() - 120; },
  'from the future': (payload) => { payload.iat = now() + 600; payload.nbf = now() + 600; },
  'old': (payload) => { payload.iat = now() - 7200; },
  'no subject': (payload) => { delete payload.sub; },
  'logout': (payload) => {
    delete payload.nonce;
    payload.events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    payload.jti = 'j-1';
    payload.sid = 's-1';
  },
};

server.service.on('beforeTokenSigning', (token, request) => {
  // The access token is the one with a scope.
  if ('scope' in token.payload) return;
  const bend = bends.get(request.body.code);
  token.payload.email = 'ana@northwind.example';
  claims[bend]?.(token.payload);
  if (bend === 'unknown key') token.header.kid = 'nobody';
  if (bend === 'other type') token.header.typ = 'at+jwt';
});

const bodies = {
  'none': (token) => {
    const [, payload] = open(token);
    return `${part({ alg: 'none', typ: 'JWT' })}.${part(payload)}.`;
  },
  'no signature': (token) => `${token.split('.').slice(0, 2).join('.')}.`,
  'symmetric': (token) => {
    const [header, payload] = open(token);
    const message = `${part({ ...header, alg: 'HS256' })}.${part(payload)}`;
    return `${message}.${createHmac('sha256', 'a secret of the tests').update(message).digest('base64url')}`;
  },
  'bent': (token) => {
    const [header, payload] = open(token);
    return `${part(header)}.${part({ ...payload, sub: 'admin' })}.${token.split('.')[2]}`;
  },
  'stranger': (token) => {
    const [header, payload] = open(token);
    const message = `${part(header)}.${part(payload)}`;
    return `${message}.${createSign('RSA-SHA256').update(message).sign(stranger, 'base64url')}`;
  },
};

server.service.on('beforeResponse', (response, request) => {
  const bend = bends.get(request.body.code);
  if (bodies[bend]) response.body.id_token = bodies[bend](response.body.id_token);
  if (bend === 'no id token') delete response.body.id_token;
  if (bend === 'code refused') Object.assign(response, { statusCode: 400, body: { error: 'invalid_grant' } });
});

await server.start(Number(port), '127.0.0.1');
console.log(`ready ${server.issuer.url}`);
