// A certified OpenID Connect provider (oidc-provider) with a few people and one client.
//
//   node idp.mjs MODULES PORT '{"redirects": [...], "logout": "http://127.0.0.1:…"}'
//
// Anybody signs in by typing a name; the names below have claims.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, port, options] = process.argv.slice(2);
const require = createRequire(join(modules, 'here.js'));
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));
const { redirects, logout } = JSON.parse(options);

const people = {
  ana: { email: 'ana@northwind.example', email_verified: true, name: 'Ana Lindqvist', groups: ['finops', 'admins'] },
  bob: { email: 'ana@northwind.example', email_verified: false, name: 'Bob', groups: [] },
};

const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'bursar',
      client_secret: 'a secret of the tests',
      redirect_uris: redirects,
      post_logout_redirect_uris: redirects,
      ...(logout && { backchannel_logout_uri: logout, backchannel_logout_session_required: true }),
    },
  ],
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['name'],
    groups: ['groups'],
    sid: null,
  },
  scopes: ['openid', 'email', 'profile', 'groups'],
  cookies: { keys: ['of the tests'] },
  features: { backchannelLogout: { enabled: true } },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  pkce: { required: () => true },
  // Its own guard keeps it from this machine, where the tests listen.
  fetch: (url, { dispatcher, ...request }) => globalThis.fetch(url, request),
});
provider.on('server_error', (_context, error) => console.error(error));
provider.on('backchannel.error', (_context, error) => console.error(error));
provider.listen(Number(port), '127.0.0.1', () => console.log(`ready ${issuer}`));
