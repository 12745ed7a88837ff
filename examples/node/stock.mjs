// The same by a stock client, oauth4webapi, which knows nothing of this repository: private_key_jwt and DPoP.
//
//   ISSUER API_URL CLIENT_ID CLIENT_JWK   as for partner.mjs; the servers are trusted by NODE_EXTRA_CA_CERTS

import { readFileSync } from "node:fs";
import * as oauth from "oauth4webapi";

const { ISSUER, API_URL, CLIENT_ID, CLIENT_JWK } = process.env;
const jwk = JSON.parse(readFileSync(CLIENT_JWK, "utf8"));
const algorithm = { name: "ECDSA", namedCurve: "P-256" };
const key = await crypto.subtle.importKey("jwk", { ...jwk, key_ops: undefined }, algorithm, false, ["sign"]);

const issuer = new URL(ISSUER);
const discovered = await oauth.discoveryRequest(issuer, { algorithm: "oauth2" });
const server = await oauth.processDiscoveryResponse(issuer, discovered);
const client = { client_id: CLIENT_ID };
const authentication = oauth.PrivateKeyJwt({ key, kid: jwk.kid });
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));

/** Once more, where the server wants its nonce in the proof: the client has kept it by then. */
async function withNonce(attempt) {
  try {
    return await attempt();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return attempt();
  }
}

const { access_token: token } = await withNonce(async () => {
  const parameters = new URLSearchParams({ scope: "accounts", resource: API_URL });
  const answer = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, { DPoP });
  return oauth.processClientCredentialsResponse(server, client, answer);
});
const accounts = new URL(`${API_URL}/accounts`);
const answer = await withNonce(() =>
  oauth.protectedResourceRequest(token, "GET", accounts, undefined, undefined, { DPoP }),
);
console.log(`DPoP ${answer.status} ${await answer.text()}`);
process.exitCode = answer.status === 200 ? 0 : 1;
